/** The directory of users in D1. */
import { and, eq, type SQL, sql } from 'drizzle-orm'
import { alias } from 'drizzle-orm/sqlite-core'
import type { Db } from '../db/client'
import { type RowOf, selectList } from '../db/columns'
import { oldestFirst } from '../db/list-order'
import type { PageRequest, PageSlice } from '../db/page'
import { users } from '../db/schema'
import { rowCount } from '../db/sequences'
import { selectStatement } from '../db/statements'
import { fold } from '../db/text'

const u = alias(users, 'u')

const USER_SUMMARY = selectList({ id: u.id, username: u.username })
export type UserSummary = RowOf<typeof USER_SUMMARY>

export const OLDEST_USERS = oldestFirst<UserSummary>('users', u.id)

/** Oldest first, all or the one of this name in any case. Reads a row per user shown and 3 more. */
export async function listUsers(
  db: Db,
  username: string | undefined,
  { limit, offset, after }: PageRequest,
): Promise<PageSlice<UserSummary>> {
  const isNamed = username ? eq(u.usernameKey, fold(username)) : undefined
  const count: SQL<number> = isNamed
    ? sql`(select count(*) from users u where ${isNamed})`
    : rowCount('users')
  const where = and(isNamed, after && OLDEST_USERS.after(after))
  const [rows, [counted]] = await db.batch([
    selectStatement(
      USER_SUMMARY,
      sql`from users u ${where ? sql`where ${where}` : sql``} ${OLDEST_USERS.orderBy()} limit ${limit} offset ${offset}`,
    ),
    selectStatement({ count }, sql``),
  ])
  return { rows, count: counted?.count ?? 0 }
}

/** Reads 1 row. */
export async function findUser(db: Db, id: number): Promise<UserSummary | undefined> {
  const [rows] = await db.batch([selectStatement(USER_SUMMARY, sql`from users u where ${u.id} = ${id}`)])
  return rows[0]
}
