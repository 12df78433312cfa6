/** Whether it is safe to delete what is past its time. */
import { sql } from 'drizzle-orm'
import type { Db } from './client'
import { databaseNow } from './now'
import { selectStatement } from './statements'

/** More than clocks that are kept in step ever differ. */
const MAX_DIFFERENCE_MS = 60_000

/**
 * The time, if D1's clock and this Worker's agree on it. Undefined where one of them has jumped: what is deleted because it is past its time
 * would be lost for good, and can as well be deleted later.
 */
export async function agreedTime(db: Db): Promise<number | undefined> {
  const [[clock]] = await db.batch([selectStatement({ now: databaseNow }, sql``)])
  if (!clock || Math.abs(clock.now - Date.now()) > MAX_DIFFERENCE_MS) return undefined
  return clock.now
}
