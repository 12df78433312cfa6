/**
 * Lists of profiles in one D1 call.
 *
 * Rows read, whatever the size of the tables: for each profile shown 1, the viewer's follow and 2 for the page's size in bytes, for each skipped
 * 1; filtered, a follow more for both; by a count ascending, one more for both (db/key-order.ts); for one who is hidden 2. What no index gives in
 * order is sorted: see sorted-list.ts.
 */
import { type SQL, sql } from 'drizzle-orm'
import type { Db } from '../db/client'
import { existingUsersStatement, idsOf } from '../db/existing-users'
import { inKeyOrder } from '../db/key-order'
import { type PageRequest, type PageSlice, withinBytes } from '../db/page'
import { users } from '../db/schema'
import { rowCount } from '../db/sequences'
import { selectedStatement, selectStatement } from '../db/statements'
import { isNotSilenced, openId, type ViewerId, visibleTo } from '../db/visibility'
import { END, largestId, type Shown, shownColumns, sliceOf, visibleRows } from '../db/visible-page'
import { type ProfileOrder, type SortedProfile, sortKeys } from './order'
import { PROFILE, u, viewerColumns } from './queries'
import { bothFilters, isNewestFirst, type Source, sorted } from './sorted-list'

export interface ProfileFilter {
  /** Only followers of this user. */
  following?: number | undefined
  /** Only users whom this user follows. */
  followedBy?: number | undefined
}

/** The filter, after `openId` has checked access. */
type OpenFilter = { [Name in keyof ProfileFilter]: SQL | undefined }

export interface ProfilePage extends PageSlice<SortedProfile> {
  /** The users named by the filter who exist. */
  existing: ReadonlySet<number>
}

/** Whether numbered pages can be read from the list's end, and what they cost. */
export function paging({ following, followedBy }: ProfileFilter, order: ProfileOrder) {
  const isFiltered = following !== undefined || followedBy !== undefined
  const isScan = following !== undefined && followedBy !== undefined
  const isIndexed = isFiltered ? isNewestFirst(order) : order.by !== 'sorting'
  if (isScan || !isIndexed) return { isCountKept: !isScan, price: { shown: 0, skipped: 1, fixed: 2000 } }
  const skipped = isFiltered || order.by === 'count' ? 2 : 1
  return { isCountKept: true, price: { shown: skipped + 3, skipped, hidden: 2 } }
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
  const more = { ...viewerColumns(viewerId), sortKeys: sql<string>`${sortKeys(order)}` }
  const { rows, count, end } = source(shownColumns(PROFILE, more), viewerId, opened, order, page)
  const [found, [counted], existing] = await db.batch([
    selectedStatement({ ...PROFILE.columns, ...more, ...END }, rows),
    selectStatement({ count, end: end ?? sql<null>`null` }, sql``),
    existingUsersStatement(named, viewerId),
  ])
  const slice = sliceOf<SortedProfile>(found, page)
  const isShort = slice.rows.length < page.limit
  return {
    rows: slice.rows,
    ...(counted?.count != null && { count: counted.count }),
    end: slice.end ?? (counted?.end != null && isShort ? [counted.end] : undefined),
    existing: idsOf(existing),
  }
}

/** The follows from which a filtered list is read. */
const FOLLOW = { ownerId: sql`f.owner_id`, followedId: sql`f.followed_id` }

function source(
  shown: Shown,
  viewerId: ViewerId,
  filter: OpenFilter,
  order: ProfileOrder,
  page: PageRequest,
): Source {
  const { following, followedBy } = filter
  const visible = visibleTo(viewerId)
  const kept = countOf(filter)
  const list = order.list.towards(page)
  if (following === undefined && followedBy === undefined) {
    const listed = sql`${visible.user(u.id)} and ${isNotSilenced(u.id)}`
    const all = { candidates: sql`select * from users u`, id: sql`u.id`, name: sql`u`, visible: listed }
    if (order.by === 'sorting') return sorted(shown, all, order, page, kept)
    const read = order.by === 'count' ? byCount(order, kept, page) : byIndex(order, page)
    return {
      rows: within(
        visibleRows({ ...read, shown, visible: listed, page, kept, most: largestId(users) }),
        page,
      ),
      count: kept,
    }
  }
  if (following !== undefined && followedBy !== undefined)
    return bothFilters(shown, viewerId, { following, followedBy }, order, page)
  // The leading index of follows is in the order of ids too.
  const [id, where] =
    following !== undefined
      ? [sql`f.owner_id`, sql`f.followed_id = ${following}`]
      : [sql`f.followed_id`, sql`f.owner_id = ${followedBy}`]
  const follows = {
    candidates: sql`select f.owner_id, f.followed_id from followers f where ${where}`,
    name: sql`f`,
    joins: sql`cross join users u on u.id = ${id}`,
    visible: visible.follow(FOLLOW),
  }
  if (!isNewestFirst(order)) return sorted(shown, { ...follows, id }, order, page, kept)
  const behind = page.after ? sql`and ${list.after(page.after, [id])}` : sql``
  const candidates = sql`${follows.candidates} ${behind} ${list.orderBy([id])}`
  return {
    rows: within(visibleRows({ ...follows, candidates, shown, key: [id], page, kept }), page),
    count: kept,
  }
}

const within = (rows: SQL, page: PageRequest) => withinBytes(rows, { rows: page.limit, contentBytes: 40_000 })

/** All profiles by a unique column. */
function byIndex(order: ProfileOrder, page: PageRequest) {
  const list = order.list.towards(page)
  const behind = page.after ? sql`where ${list.after(page.after)}` : sql``
  return {
    candidates: sql`select * from users u ${behind} ${list.orderBy()}`,
    name: sql`u`,
    key: order.columns.map((column) => sql`${column}`),
  }
}

/** All profiles by a count. */
function byCount(order: ProfileOrder, kept: SQL<number>, page: PageRequest) {
  const [key = u.id] = order.columns
  return inKeyOrder({ table: users, key, id: u.id, descending: order.list.keys[0].descending, page, kept })
}

function countOf({ following, followedBy }: OpenFilter): SQL<number> {
  if (following !== undefined)
    return sql`coalesce((select followers_count from users where id = ${following}), 0)`
  if (followedBy !== undefined)
    return sql`coalesce((select following_count from users where id = ${followedBy}), 0)`
  return rowCount('users')
}
