/**
 * Lists of profiles in one D1 call.
 *
 * Rows read for a page of 20, whatever the size of the tables, where P is what hydrating it costs (20 users, the viewer's follows
 * among them): newest first, or whom somebody follows, or who follows somebody: P + 24; by one of the counts: P + 4, ascending P + 46
 * (db/key-order.ts). An ordering by follow time, by several fields or of a filtered list reads and sorts all that it lists: a follow
 * may write eight rows and no more, which leaves no index for it. Only both filters together leave a list whose size is kept nowhere: it
 * is counted up to `COUNT_LIMIT`, once per list, as cursors carry it, two rows for each.
 */
import { type SQL, sql } from 'drizzle-orm'
import type { Db } from '../db/client'
import { listed } from '../db/columns'
import { existingUsersStatement, idsOf } from '../db/existing-users'
import { inKeyOrder } from '../db/key-order'
import { ListOrder, type SortKey } from '../db/list-order'
import { COUNT_LIMIT, type PageRequest, type PageSlice } from '../db/page'
import { users } from '../db/schema'
import { rowCount } from '../db/sequences'
import { selectedStatement, selectStatement } from '../db/statements'
import { PROFILE, type ProfileRow, u, viewerColumns } from './queries'

/** What profiles can be ordered by, and the column that holds it. */
export const SORT_COLUMNS = {
  posts_count: u.postsCount,
  followers_count: u.followersCount,
  following_count: u.followingCount,
  owner__following__created_at: u.lastFollowingId,
  owner__followed__created_at: u.lastFollowedId,
} as const
export type SortField = keyof typeof SORT_COLUMNS

const INDEXED: ReadonlySet<SortField> = new Set(['posts_count', 'followers_count', 'following_count'])

export interface SortTerm {
  field: SortField
  descending: boolean
}

/** `sortKeys` is the JSON list of the values that the profile is sorted by, its id the last. */
export type SortedProfile = ProfileRow & { sortKeys: string }

export interface ProfileOrder {
  terms: readonly SortTerm[]
  list: ListOrder<SortedProfile>
}

/** By these fields, one after the other, and then newest first. */
export function profileOrder(terms: readonly SortTerm[]): ProfileOrder {
  const name = terms.map(({ field, descending }) => `${descending ? '-' : ''}${field}`).join()
  const value = (i: number) => (row: SortedProfile) => Number(JSON.parse(row.sortKeys)[i])
  const keys = terms.map(({ field, descending }, i) => ({
    column: SORT_COLUMNS[field],
    descending,
    of: value(i),
  }))
  const newest = { column: u.id, descending: true, of: (row: SortedProfile) => row.id }
  const [first = newest, ...rest]: SortKey<SortedProfile>[] = [...keys, newest]
  return { terms, list: new ListOrder(`profiles:${name}`, [first, ...rest]) }
}

export interface ProfileFilter {
  /** Only those who follow this user. */
  following?: number | undefined
  /** Only those whom this user follows. */
  followedBy?: number | undefined
}

export interface ProfilePage extends PageSlice<SortedProfile> {
  /** Those users of the filter who exist. */
  existing: ReadonlySet<number>
}

/** The profiles of one page. */
export async function listProfiles(
  db: Db,
  viewerId: number | undefined,
  filter: ProfileFilter,
  order: ProfileOrder,
  page: PageRequest,
): Promise<ProfilePage> {
  const named = [filter.following, filter.followedBy].filter((id) => id !== undefined)
  const viewer = viewerColumns(viewerId)
  const columns = sql`${PROFILE.sql}, ${listed(viewer)}`
  const [term, ...more] = order.terms
  const isByCount = term && more.length === 0 && named.length === 0 && INDEXED.has(term.field)
  const [rows, [counted], existing] = await db.batch([
    selectedStatement(
      { ...PROFILE.columns, ...viewer, sortKeys: sql<string>`` },
      isByCount ? byCount(columns, term, page) : filteredList(columns, filter, order, page),
    ),
    selectStatement(
      { count: page.count === undefined ? countOf(filter) : sql<number>`${page.count}` },
      sql``,
    ),
    existingUsersStatement(named),
  ])
  return { rows, count: counted?.count ?? 0, existing: idsOf(existing) }
}

/** All profiles by a count. */
function byCount(columns: SQL, { field, descending }: SortTerm, page: PageRequest): SQL {
  const key = SORT_COLUMNS[field]
  return inKeyOrder({
    table: users,
    key,
    id: u.id,
    descending,
    page,
    select: (where) =>
      sql`select ${columns}, ${key} as "sortKey", json_array(${key}, u.id) as "sortKeys" from users u where ${where}`,
  })
}

function filteredList(
  columns: SQL,
  { following, followedBy }: ProfileFilter,
  { terms, list }: ProfileOrder,
  { after, limit, offset }: PageRequest,
): SQL {
  // The index of follows that leads gives the order of ids too.
  const [from, id] =
    following !== undefined
      ? [sql`followers f cross join users u on u.id = f.owner_id`, sql`f.owner_id`]
      : followedBy !== undefined
        ? [sql`followers f cross join users u on u.id = f.followed_id`, sql`f.followed_id`]
        : [sql`users u`, sql`u.id`]
  const sorted = terms.map(({ field }) => SORT_COLUMNS[field])
  const conditions = [
    following !== undefined && sql`f.followed_id = ${following}`,
    following === undefined && followedBy !== undefined && sql`f.owner_id = ${followedBy}`,
    following !== undefined &&
      followedBy !== undefined &&
      sql`exists (select 1 from followers where owner_id = ${followedBy} and followed_id = u.id)`,
    after && list.after(after, [...sorted, id]),
  ].filter((condition): condition is SQL => typeof condition === 'object')
  const where = conditions.length > 0 ? sql`where ${sql.join(conditions, sql` and `)}` : sql``
  const order = sql`${list.orderBy([...sorted, id])} limit ${limit} offset ${offset}`
  const sortKeys = sql`json_array(${sql.join([...sorted, u.id], sql`, `)}) as "sortKeys"`
  if (terms.length === 0) return sql`select ${columns}, ${sortKeys} from ${from} ${where} ${order}`
  // All that matches is sorted, so only the ids of it are.
  return sql`select ${columns}, ${sortKeys}
    from (select u.id from ${from} ${where} ${order}) s cross join users u on u.id = s.id ${list.orderBy()}`
}

function countOf({ following, followedBy }: ProfileFilter): SQL<number> {
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
