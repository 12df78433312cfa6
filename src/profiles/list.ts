/**
 * Lists of profiles in one D1 call.
 *
 * Rows read for a page of 20, whatever the size of the tables, where P is what hydrating it costs (20 users, the viewer's follows
 * among them): newest first, or whom somebody follows, or who follows somebody: P + 24; by one of the counts: P + 4, ascending P + 46
 * (db/walk.ts). An ordering by follow time, by several fields or of a filtered list reads and sorts all that it lists: a follow
 * may write eight rows and no more, which leaves no index for it. Only both filters together leave a list whose size is kept nowhere: it
 * is counted up to `COUNT_LIMIT`, once per walk of pages, two rows for each.
 */
import { type SQL, sql } from 'drizzle-orm'
import type { Db } from '../db/client'
import { rowCount } from '../db/ids'
import { selectKnown } from '../db/known'
import { walk } from '../db/walk'
import { COUNT_LIMIT, type Listed, type Window } from '../db/window'
import { type ProfileRow, profileColumns } from './queries'

export const SORT_KEYS = {
  posts_count: 'posts_count',
  followers_count: 'followers_count',
  following_count: 'following_count',
  owner__following__created_at: 'last_following_id',
  owner__followed__created_at: 'last_followed_id',
} as const
export type SortKey = keyof typeof SORT_KEYS

const INDEXED: ReadonlySet<SortKey> = new Set(['posts_count', 'followers_count', 'following_count'])

export interface ProfileOrder {
  key: SortKey
  descending: boolean
}

export interface ProfileFilter {
  /** Only those who follow this user. */
  following?: number | undefined
  /** Only those whom this user follows. */
  followedBy?: number | undefined
}

export interface ProfilePage extends Listed<ProfileRow & { sortKeys: string }> {
  /** Those users of the filter who exist. */
  known: Set<number>
}

/** The profiles of one window, ordered by `orders` and then newest first. */
export async function listProfiles(
  db: Db,
  viewerId: number | undefined,
  filter: ProfileFilter,
  orders: ProfileOrder[],
  window: Window,
): Promise<ProfilePage> {
  const named = [filter.following, filter.followedBy].filter((id) => id !== undefined)
  const columns = profileColumns(viewerId)
  const [order, ...more] = orders
  const rows =
    order && more.length === 0 && named.length === 0 && INDEXED.has(order.key)
      ? walked(columns, order, window)
      : scan(columns, filter, orders, window)
  const [page, counts, users] = await db.batch([
    db.rows<ProfileRow & { sortKeys: string }>(rows),
    db.rows<{ count: number }>(sql`select ${window.count ?? counted(filter)} as count`),
    selectKnown(db, named),
  ])
  return { rows: page, count: counts[0]?.count ?? 0, known: new Set(users.map(({ id }) => id)) }
}

const column = ({ key }: ProfileOrder) => sql.raw(`u.${SORT_KEYS[key]}`)
const direction = ({ descending }: ProfileOrder) => (descending ? sql`desc` : sql`asc`)

/** All profiles by a count. */
function walked(columns: SQL, order: ProfileOrder, window: Window): SQL {
  const key = sql.raw(SORT_KEYS[order.key])
  return walk({
    table: sql`users`,
    alias: sql`u`,
    key,
    descending: order.descending,
    window,
    select: (where) =>
      sql`select ${columns}, u.${key} as "sortKey", json_array(u.${key}, u.id) as "sortKeys" from users u where ${where}`,
  })
}

function scan(
  columns: SQL,
  { following, followedBy }: ProfileFilter,
  orders: ProfileOrder[],
  window: Window,
): SQL {
  const { after, limit, offset } = window
  // The index of follows that leads gives the order of ids too.
  const [from, id] =
    following !== undefined
      ? [sql`followers f cross join users u on u.id = f.owner_id`, sql`f.owner_id`]
      : followedBy !== undefined
        ? [sql`followers f cross join users u on u.id = f.followed_id`, sql`f.followed_id`]
        : [sql`users u`, sql`u.id`]
  const keys = orders.map((order) => ({ column: column(order), descending: order.descending }))
  const conditions = [
    following !== undefined && sql`f.followed_id = ${following}`,
    following === undefined && followedBy !== undefined && sql`f.owner_id = ${followedBy}`,
    following !== undefined &&
      followedBy !== undefined &&
      sql`exists (select 1 from followers where owner_id = ${followedBy} and followed_id = u.id)`,
    after && behind([...keys, { column: id, descending: true }], after),
  ].filter((condition): condition is SQL => typeof condition === 'object')
  const where = conditions.length > 0 ? sql`where ${sql.join(conditions, sql` and `)}` : sql``
  const terms = [...orders.map((order) => sql`${column(order)} ${direction(order)}`), sql`${id} desc`]
  const order = sql`order by ${sql.join(terms, sql`, `)}`
  const values = sql.join([...keys.map((key) => key.column), sql`u.id`], sql`, `)
  const page = sql`limit ${limit} offset ${offset}`
  if (orders.length === 0)
    return sql`select ${columns}, json_array(${values}) as "sortKeys" from ${from} ${where} ${order} ${page}`
  // All that matches is sorted, so only the ids of it are.
  const sorted = sql.join(
    orders.map((by) => sql`${column(by)} ${direction(by)}`),
    sql`, `,
  )
  return sql`select ${columns}, json_array(${values}) as "sortKeys"
    from (select u.id from ${from} ${where} ${order} ${page}) s cross join users u on u.id = s.id
    order by ${sorted}, u.id desc`
}

/** Rows that come after the one with these values: beyond it in the first key in which they differ. */
function behind([key, ...keys]: { column: SQL; descending: boolean }[], [value, ...values]: number[]): SQL {
  if (!key || value === undefined) return sql`0`
  const further = sql`${key.column} ${key.descending ? sql`<` : sql`>`} ${value}`
  return keys.length === 0
    ? further
    : sql`(${further} or (${key.column} = ${value} and ${behind(keys, values)}))`
}

function counted({ following, followedBy }: ProfileFilter): SQL {
  if (following !== undefined && followedBy !== undefined) {
    return sql`(select count(*) from (select 1 from followers f where f.followed_id = ${following} and exists
      (select 1 from followers where owner_id = ${followedBy} and followed_id = f.owner_id) limit ${COUNT_LIMIT}))`
  }
  if (following !== undefined)
    return sql`coalesce((select followers_count from users where id = ${following}), 0)`
  if (followedBy !== undefined)
    return sql`coalesce((select following_count from users where id = ${followedBy}), 0)`
  return rowCount('users')
}
