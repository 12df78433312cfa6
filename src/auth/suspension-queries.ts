/** Suspensions in D1, as suspended users see them. */
import { sql } from 'drizzle-orm'
import type { Db } from '../db/client'
import { selectStatement } from '../db/statements'

/** When the user's suspension ends, in milliseconds since the epoch; undefined if they are not suspended. Reads 1 row. */
export async function findSuspension(db: Db, userId: number): Promise<number | undefined> {
  const [rows] = await db.batch([
    selectStatement(
      { until: sql<number>`until` },
      sql`from suspended_accounts where user_id = ${userId} and until > unixepoch() * 1000`,
    ),
  ])
  return rows[0]?.until
}
