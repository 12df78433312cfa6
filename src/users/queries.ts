/** The directory of users in D1. */
import { and, inArray, type SQL, sql } from 'drizzle-orm'
import { alias } from 'drizzle-orm/sqlite-core'
import type { Db } from '../db/client'
import { type RowOf, selectList } from '../db/columns'
import { ListOrder, type SortKey } from '../db/list-order'
import type { PageRequest, PageSlice } from '../db/page'
import { users } from '../db/schema'
import { rowCount } from '../db/sequences'
import { selectedStatement, selectStatement } from '../db/statements'
import { fold, usernameForms } from '../db/text'
import { type ViewerId, visibleTo } from '../db/visibility'
import { END, largestId, shownColumns, sliceOf, visibleRows } from '../db/visible-page'

const u = alias(users, 'u')

const USER_SUMMARY = selectList({ id: u.id, username: u.username, usernameKey: u.usernameKey })
export type UserSummary = RowOf<typeof USER_SUMMARY>
const SHOWN = shownColumns(USER_SUMMARY)

type UserKey = Omit<SortKey<UserSummary>, 'descending'>
const BY_ID: UserKey = { column: u.id, of: ({ id }) => id }
const BY_NAME: UserKey = { column: u.usernameKey, of: ({ usernameKey }) => usernameKey, isText: true }

/** The fields that users can be ordered by, both unique. Ids are in order of registration. */
export const SORT_KEYS: Record<string, UserKey> = {
  id: BY_ID,
  created_at: BY_ID,
  username: BY_NAME,
  owner: BY_NAME,
}

/** Orders by the first valid field of the list; by id if there is none. */
export function userOrder(ordering = ''): ListOrder<UserSummary> {
  for (const term of ordering.split(',')) {
    const name = term.trim().replace(/^-/, '')
    const key = Object.hasOwn(SORT_KEYS, name) ? SORT_KEYS[name] : undefined
    if (!key) continue
    const descending = term.trim().startsWith('-')
    return new ListOrder(`users:${descending ? '-' : ''}${key.isText ? 'name' : 'id'}`, [
      { ...key, descending },
    ])
  }
  return new ListOrder('users:id', [{ ...BY_ID, descending: false }])
}

/** All users, or the one with this name, ignoring case. Reads a row for each user shown or skipped, two for each hidden one, and 5 more. */
export async function listUsers(
  db: Db,
  viewerId: ViewerId,
  username: string | undefined,
  list: ListOrder<UserSummary>,
  page: PageRequest,
): Promise<PageSlice<UserSummary>> {
  const visible = visibleTo(viewerId).user(u.id)
  const isNamed = username ? inArray(u.usernameKey, usernameForms(username).map(fold)) : undefined
  const kept: SQL<number> = isNamed
    ? sql`(select count(*) from users u where ${isNamed} and ${visible})`
    : rowCount('users')
  const order = list.towards(page)
  const where = and(isNamed ?? sql`true`, page.after && order.after(page.after))
  const rows = visibleRows({
    shown: SHOWN,
    candidates: sql`select * from users u where ${where} ${order.orderBy()}`,
    name: sql`u`,
    visible,
    key: order.keys.map(({ column }) => sql`${column}`),
    page,
    kept,
    most: largestId(users),
  })
  const [found, [counted]] = await db.batch([
    selectedStatement({ ...USER_SUMMARY.columns, ...END }, rows),
    selectStatement({ count: kept }, sql``),
  ])
  return { ...sliceOf(found, page), count: counted?.count ?? 0 }
}

/** Reads 1 row. */
export async function findUser(db: Db, viewerId: ViewerId, id: number): Promise<UserSummary | undefined> {
  const [rows] = await db.batch([
    selectStatement(
      USER_SUMMARY,
      sql`from users u where ${u.id} = ${id} and ${visibleTo(viewerId).user(u.id)}`,
    ),
  ])
  return rows[0]
}
