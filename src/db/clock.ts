/** Whether it is safe to delete expired data. */
import { sql } from 'drizzle-orm'
import type { Db } from './client'
import { databaseNow } from './now'
import { selectStatement } from './statements'

/** More than synchronised clocks ever differ. */
const MAX_DIFFERENCE_MS = 60_000

/**
 * The time, if D1's clock and this Worker's agree. Undefined if one of them has jumped: data deleted by a wrong clock
 * would be lost for good, whereas it can always be deleted later.
 */
export async function agreedTime(db: Db): Promise<number | undefined> {
  const [[clock]] = await db.batch([selectStatement({ now: databaseNow }, sql``)])
  if (!clock || Math.abs(clock.now - Date.now()) > MAX_DIFFERENCE_MS) return undefined
  return clock.now
}
