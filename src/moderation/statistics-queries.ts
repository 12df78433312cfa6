/** Counts what each day added by the ids given out that day, since ids have no gaps (`db/sequences.ts`). */
import { sql } from 'drizzle-orm'
import type { Db } from '../db/client'
import { dailySizes } from '../db/schema'
import { nextId } from '../db/sequences'
import { build, statement, writeStatement } from '../db/statements'

export const COUNTED = { people: 'users', posts: 'posts', messages: 'messages', reports: 'reports' } as const

const dayOf = (time: number) => new Date(time).toISOString().slice(0, 10)

/** Records the day's totals so far. Writes a row for each of `COUNTED` that has grown, every ten minutes, and never within a request. */
export async function countDay(db: Db, now: number): Promise<void> {
  await db.batch(
    Object.values(COUNTED).map((table) =>
      writeStatement(sql`insert into daily_sizes (day, name, last_id) select ${dayOf(now)}, ${table}, ${nextId(table)} - 1 where true
        on conflict (day, name) do update set last_id = excluded.last_id where last_id <> excluded.last_id`),
    ),
  )
}

/** The totals at the end of each of the last `days` days, and of the day before them. Reads four rows for each. */
export async function listDays(db: Db, days: number, now: number) {
  const [rows] = await db.batch([
    statement(
      build
        .select({ day: dailySizes.day, name: dailySizes.name, lastId: dailySizes.lastId })
        .from(dailySizes)
        .where(sql`${dailySizes.day} >= ${dayOf(now - days * 86_400_000)}`)
        .orderBy(dailySizes.day),
    ),
  ])
  return rows
}
