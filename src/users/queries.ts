import { and, asc, eq, gt, sql } from 'drizzle-orm'
import type { Db } from '../db/client'
import { rowCount } from '../db/ids'
import { users } from '../db/schema'
import { fold } from '../db/text'
import type { Window } from '../db/window'

export interface UserSummary {
  id: number
  username: string
}

/** By id; `username` exact, without case. Reads a row per user shown and 3 more. */
export async function listUsers(
  db: Db,
  { limit, offset, after }: Window,
  username: string | undefined,
): Promise<{ rows: UserSummary[]; count: number }> {
  const named = username ? eq(users.usernameKey, fold(username)) : undefined
  const count = named ? sql<number>`(select count(*) from users where ${named})` : rowCount('users')
  const [rows, counts] = await db.batch([
    db.build
      .select({ id: users.id, username: users.username })
      .from(users)
      .where(and(named, after?.[0] === undefined ? undefined : gt(users.id, after[0])))
      .orderBy(asc(users.id))
      .limit(limit)
      .offset(offset),
    db.rows<{ count: number }>(sql`select ${count} as count`),
  ])
  return { rows, count: counts[0]?.count ?? 0 }
}

/** Reads 1 row. */
export async function findUser(db: Db, id: number): Promise<UserSummary | undefined> {
  const [rows] = await db.batch([
    db.build.select({ id: users.id, username: users.username }).from(users).where(eq(users.id, id)),
  ])
  return rows[0]
}
