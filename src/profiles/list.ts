/**
 * Lists of profiles in one D1 call.
 *
 * Rows read, whatever the size of the tables: for each profile shown 1, the viewer's follow and 2 for the page's size in bytes, for each skipped
 * 1; filtered, a follow more for both; by a count ascending, one more for both (db/key-order.ts). What no index gives in order (by follow time,
 * by several fields, a filtered list in any other order than newest first) is the newest `SORTED` profiles, sorted: an index of follow times would
 * cost each follow two rows more. Both filters together look at `SCANNED` follows for a page, and go on where they stopped.
 */
import { type SQL, sql } from 'drizzle-orm'
import type { Db } from '../db/client'
import { listed } from '../db/columns'
import { existingUsersStatement, idsOf } from '../db/existing-users'
import { inKeyOrder } from '../db/key-order'
import { inListOrder } from '../db/list-order'
import { limits, type PageRequest, type PageSlice, withinBytes } from '../db/page'
import { users } from '../db/schema'
import { rowCount } from '../db/sequences'
import { selectedStatement, selectStatement } from '../db/statements'
import { isNotSilenced, openId, type ViewerId, visibleTo } from '../db/visibility'
import { type ProfileOrder, type SortedProfile, sortKeys } from './order'
import { PROFILE, u, viewerColumns } from './queries'

/** How many profiles are sorted where no index gives the order: the newest of the list. */
const SORTED = 300
/** How many follows a page of a list with two filters looks at. */
const SCANNED = 200

export interface ProfileFilter {
  /** Only those who follow this user. */
  following?: number | undefined
  /** Only those whom this user follows. */
  followedBy?: number | undefined
}

/** The filter where `openId` has looked at it. */
type OpenFilter = { [Name in keyof ProfileFilter]: SQL | undefined }

export interface ProfilePage extends PageSlice<SortedProfile> {
  /** Those users of the filter who exist. */
  existing: ReadonlySet<number>
}

const isNewestFirst = ({ by, list }: ProfileOrder) => by === 'id' && list.keys[0].descending

/** Whether pages by number can be counted from the list's end, and what they read. */
export function paging({ following, followedBy }: ProfileFilter, order: ProfileOrder) {
  const isFiltered = following !== undefined || followedBy !== undefined
  const isScan = following !== undefined && followedBy !== undefined
  const isIndexed = isFiltered ? isNewestFirst(order) : order.by !== 'sorting'
  if (isScan || !isIndexed) return { isCountKept: !isScan, price: { shown: 0, skipped: 1, fixed: 2000 } }
  const skipped = isFiltered || order.by === 'count' ? 2 : 1
  return { isCountKept: true, price: { shown: skipped + 3, skipped } }
}

/** The profiles of one page. */
export async function listProfiles(
  db: Db,
  viewerId: ViewerId,
  filter: ProfileFilter,
  order: ProfileOrder,
  page: PageRequest,
): Promise<ProfilePage> {
  const named = [filter.following, filter.followedBy].filter((id) => id !== undefined)
  const opened = {
    following: openId(filter.following, viewerId),
    followedBy: openId(filter.followedBy, viewerId),
  }
  const viewer = viewerColumns(viewerId)
  const columns = sql`${PROFILE.sql}, ${listed(viewer)}, ${sortKeys(order)} as "sortKeys"`
  const { rows, count, end } = source(columns, viewerId, opened, order, page)
  const [found, [counted], existing] = await db.batch([
    selectedStatement({ ...PROFILE.columns, ...viewer, sortKeys: sql<string>`` }, rows),
    selectStatement({ count, end: end ?? sql<null>`null` }, sql``),
    existingUsersStatement(named, viewerId),
  ])
  return {
    rows: inListOrder(found, page),
    ...(counted?.count != null && { count: counted.count }),
    end: counted?.end != null && found.length < page.limit ? [counted.end] : undefined,
    existing: idsOf(existing),
  }
}

/** A follow that a filtered list is read from. */
const FOLLOW = { ownerId: sql`f.owner_id`, followedId: sql`f.followed_id` }

interface Source {
  rows: SQL
  /** Null: unknown. */
  count: SQL<number | null>
  /** The last user that was looked at, where that are as many as may be. */
  end?: SQL<number | null>
}

function source(
  columns: SQL,
  viewerId: ViewerId,
  filter: OpenFilter,
  order: ProfileOrder,
  page: PageRequest,
): Source {
  const { following, followedBy } = filter
  const visible = visibleTo(viewerId).user(u.id)
  const kept = countOf(filter)
  if (following === undefined && followedBy === undefined) {
    const listed = sql`${visible} and ${isNotSilenced(u.id)}`
    const users = { from: sql`users u`, where: listed, id: sql`u.id`, window: SORTED }
    if (order.by === 'sorting') return sorted(columns, users, order, page, kept)
    const read = order.by === 'count' ? byCount : byIndex
    return { rows: within(read(columns, listed, order, kept, page), page), count: kept }
  }
  if (following !== undefined && followedBy !== undefined)
    return bothFilters(columns, viewerId, { following, followedBy }, order, page)
  // The index of follows that leads gives the order of ids too.
  const [id, where] =
    following !== undefined
      ? [sql`f.owner_id`, sql`f.followed_id = ${following} and ${visibleTo(viewerId).follow(FOLLOW)}`]
      : [sql`f.followed_id`, sql`f.owner_id = ${followedBy} and ${visibleTo(viewerId).follow(FOLLOW)}`]
  const from = sql`followers f cross join users u on u.id = ${id}`
  if (!isNewestFirst(order)) return sorted(columns, { from, where, id, window: SORTED }, order, page, kept)
  const list = order.list.towards(page)
  const behind = page.after ? sql`and ${list.after(page.after, [id])}` : sql``
  return {
    rows: within(
      sql`select ${columns} from ${from} where ${where} ${behind} ${list.orderBy([id])} ${limits(page, kept)}`,
      page,
    ),
    count: kept,
  }
}

const within = (rows: SQL, page: PageRequest) => withinBytes(rows, { rows: page.limit, contentBytes: 40_000 })

/** All profiles by a unique column. */
function byIndex(columns: SQL, visible: SQL, order: ProfileOrder, kept: SQL<number>, page: PageRequest): SQL {
  const list = order.list.towards(page)
  const behind = page.after ? sql`and ${list.after(page.after)}` : sql``
  return sql`select ${columns} from users u where ${visible} ${behind} ${list.orderBy()} ${limits(page, kept)}`
}

/** All profiles by a count. */
function byCount(columns: SQL, visible: SQL, order: ProfileOrder, kept: SQL<number>, page: PageRequest): SQL {
  const [key = u.id] = order.columns
  return inKeyOrder({
    table: users,
    key,
    id: u.id,
    descending: order.list.keys[0].descending,
    page,
    kept,
    select: (where) => sql`select ${columns}, ${key} as "sortKey" from users u where ${where} and ${visible}`,
  })
}

/** Profiles, the id by whose order they are the newest, and how many of these are sorted. */
interface Sortable {
  from: SQL
  where: SQL
  id: SQL
  window: number
}

/** The newest of these profiles, sorted. Without `kept`, the size of the whole list, those in the window are counted. */
function sorted(
  columns: SQL,
  { from, where, id, window }: Sortable,
  order: ProfileOrder,
  page: PageRequest,
  kept?: SQL<number>,
): Source {
  const list = order.list.towards(page)
  const key = (i: number) => sql.raw(`k${i}`)
  const keys = order.columns.map((_, i) => sql`s.${key(i)}`)
  const values = order.columns.map((column, i) => sql`${column} as ${key(i)}`)
  const newest = sql`from ${from} where ${where} order by ${id} desc limit ${window}`
  const behind = page.after ? sql`where ${list.after(page.after, keys)}` : sql``
  const size = kept && sql<number>`min(${kept}, ${window})`
  return {
    rows: sql`select ${columns} from
      (select * from (select u.id, ${sql.join(values, sql`, `)} ${newest}) s ${behind} ${list.orderBy(keys)} ${limits(page, size)}) s
      cross join users u on u.id = s.id ${list.orderBy(keys)}`,
    count: size ?? sql`(select count(*) from (select 1 ${newest}))`,
  }
}

/** Of the newest followers of the one, those whom the other follows. */
function bothFilters(
  columns: SQL,
  viewerId: ViewerId,
  { following, followedBy }: { following: SQL; followedBy: SQL },
  order: ProfileOrder,
  page: PageRequest,
): Source {
  const id = sql`f.owner_id`
  const isFollowed = sql`exists (select 1 from followers where owner_id = ${followedBy} and followed_id = f.owner_id)
    and ${visibleTo(viewerId).follow({ ownerId: id, followedId: following })}
    and ${visibleTo(viewerId).follow({ ownerId: followedBy, followedId: id })}`
  const list = isNewestFirst(order) ? order.list.towards(page) : undefined
  const behind = page.after && list ? sql`and ${list.after(page.after, [id])}` : sql``
  const follows = sql`select f.owner_id from followers f where f.followed_id = ${following} ${behind}
    ${list ? list.orderBy([id]) : sql`order by ${id} desc`}`
  const looked = sql`(${follows} limit ${SCANNED}) f`
  const from = sql`${looked} cross join users u on u.id = ${id}`
  if (!list) return sorted(columns, { from, where: isFollowed, id, window: SCANNED }, order, page)
  const end = sql<number | null>`(${follows} limit 1 offset ${SCANNED - 1})`
  return {
    // In the order of the follows, as nothing comes before them and each has one user.
    rows: sql`select ${columns} from ${from} where ${isFollowed} ${limits(page)}`,
    // Of a longer list the size is unknown: finding out would mean looking at all of it.
    count: page.after
      ? sql`null`
      : sql`iif(${end} is null, (select count(*) from ${looked} where ${isFollowed}), null)`,
    end,
  }
}

function countOf({ following, followedBy }: OpenFilter): SQL<number> {
  if (following !== undefined)
    return sql`coalesce((select followers_count from users where id = ${following}), 0)`
  if (followedBy !== undefined)
    return sql`coalesce((select following_count from users where id = ${followedBy}), 0)`
  return rowCount('users')
}
