/**
 * Lists of posts: every combination of filters, search and ordering in one D1 call.
 *
 * Rows read for a page of 20, whatever the size of the tables, where P is what hydrating it costs (20 posts, 20 owners,
 * the viewer's likes among them):
 *   all, by owner, liked by, newest or oldest first   P + 4
 *   all, by likes, comments or last like              P + 4, ascending P + 46   (db/key-order.ts)
 *   feed                                              P + 60 + 4 per account followed   (feed.ts)
 *   search, words of 3 characters and more            P + 20 + the owners considered + what counting reads
 *   further filters, or sorting                       bounded, see filtered-list.ts
 * Stored counts are free. Other counts read two rows for each of the first `SEARCH_COUNT_LIMIT` matches, once per list, because cursors carry the count.
 */
import { type SQL, sql } from 'drizzle-orm'
import type { Db } from '../db/client'
import { existingUsersStatement, idsOf } from '../db/existing-users'
import { inKeyOrder } from '../db/key-order'
import { type PageRequest, type PageSlice, withinBytes } from '../db/page'
import { hiddenPosts, posts } from '../db/schema'
import { rowCount } from '../db/sequences'
import { selectedStatement, selectStatement } from '../db/statements'
import { openId, type ViewerId } from '../db/visibility'
import {
  END,
  largestId,
  type Shown,
  shownColumns,
  sliceOf,
  visibleRows,
  withHidden,
} from '../db/visible-page'
import { feedCount, feedEnd, feedQueue, followsMany } from './feed'
import { filteredList, SEARCH_COUNT_LIMIT } from './filtered-list'
import { POST, p, viewerColumns } from './queries'
import { MAX_OWNERS } from './search'
import {
  isByCount,
  isById,
  isByOwnLikes,
  type NamedFilter,
  OWNERS,
  type PostFilter,
  type PostOrder,
  SORT_COLUMNS,
  type SortedPost,
  type Source,
  visibleInList,
  withSortKey,
} from './selection'

export interface PostPage extends PageSlice<SortedPost> {
  /** The users named by the filter who exist. */
  existing: ReadonlySet<number>
}

/** The posts of one page. `words` may hold at most 60. */
export async function listPosts(
  db: Db,
  viewerId: ViewerId,
  filter: NamedFilter,
  order: PostOrder,
  page: PageRequest,
): Promise<PostPage> {
  const opened = {
    words: filter.words,
    owner: openId(filter.owner, viewerId),
    followedBy: openId(filter.followedBy, viewerId),
    likedBy: openId(filter.likedBy, viewerId),
  }
  const { rows, count, end } = source(viewerId, opened, order, page)
  const viewer = viewerColumns(viewerId)
  const shown = shownColumns(POST, viewer)
  const [found, [counted], existing] = await db.batch([
    selectedStatement(
      { ...POST.columns, ...viewer, sortKey: sql<number | string>``, ...END },
      withinBytes(rows(shown), { rows: page.limit, contentBytes: 400_000 }),
    ),
    selectStatement(
      {
        count: page.count === undefined ? count : sql<number>`${page.count}`,
        end: end ?? sql<number | null>`null`,
      },
      sql``,
    ),
    existingUsersStatement([filter.owner, filter.followedBy, filter.likedBy], viewerId),
  ])
  const slice = sliceOf<SortedPost>(found, page)
  const stopped = slice.rows.length < page.limit ? (counted?.end ?? null) : null
  return {
    rows: slice.rows,
    ...(counted && counted.count !== null && { count: counted.count }),
    end: slice.end ?? (stopped === null ? undefined : [stopped]),
    existing: idsOf(existing),
  }
}

const filtersOf = ({ owner, followedBy, likedBy }: PostFilter) =>
  [owner, followedBy, likedBy].filter((id) => id !== undefined).length

const isFeed = (filter: PostFilter, { field }: PostOrder) =>
  filter.followedBy !== undefined && filtersOf(filter) === 1 && filter.words.length === 0 && isById(field)

/** Whether numbered pages can be read from the list's end, and what they cost. */
export function paging(filter: PostFilter, order: PostOrder) {
  const isPlain = filter.words.length === 0 && filtersOf(filter) === 0
  if (isFeed(filter, order))
    return { isCountKept: false, price: { shown: 8, skipped: 3, hidden: 5, fixed: 1100 } }
  if (isPlain && isByCount(order.field)) {
    const price = order.descending ? { shown: 5, skipped: 3, hidden: 3 } : { shown: 7, skipped: 4, hidden: 3 }
    return { isCountKept: true, price }
  }
  const isNatural = isById(order.field) || isByOwnLikes(filter, order.field)
  const isKept = filter.words.length === 0 && filtersOf(filter) <= 1 && filter.followedBy === undefined
  if (isKept && isNatural) return { isCountKept: true, price: { shown: 6, skipped: 3, hidden: 3 } }
  if (isNatural && filter.words.length > 0)
    return {
      isCountKept: false,
      countLimit: SEARCH_COUNT_LIMIT,
      price: {
        shown: 6,
        skipped: 3,
        hidden: 3,
        fixed: MAX_OWNERS,
        counting: 3 * SEARCH_COUNT_LIMIT + MAX_OWNERS,
      },
    }
  // Even if only part of the examined rows is shown, all were read.
  return { isCountKept: isKept, price: { shown: 0, skipped: 1 } }
}

function source(viewerId: ViewerId, filter: PostFilter, order: PostOrder, page: PageRequest): Source {
  const { followedBy, words } = filter
  if (followedBy !== undefined && isFeed(filter, order)) return feed(viewerId, followedBy, order, page)
  const isPlain = words.length === 0 && filtersOf(filter) === 0
  return isPlain && isByCount(order.field)
    ? { rows: byCount(visibleInList(viewerId, filter), order, page), count: rowCount('posts') }
    : filteredList(viewerId, filter, order, page)
}

/** All posts by a count. */
const byCount =
  (visible: SQL, { field, descending }: PostOrder, page: PageRequest) =>
  (columns: Shown) => {
    const kept = rowCount('posts')
    return visibleRows({
      ...inKeyOrder({ table: posts, key: SORT_COLUMNS[field], id: p.id, descending, page, kept }),
      shown: withSortKey(columns, sql`p."sortKey"`),
      joins: OWNERS,
      visible,
      page,
      kept,
      most: largestId(posts),
    })
  }

function feed(viewerId: ViewerId, followedBy: number | SQL, order: PostOrder, page: PageRequest): Source {
  const [key] = order.list.towards(page).keys
  const part = { viewerId, followedBy, descending: key.descending, after: page.after }
  return {
    rows: (columns) =>
      visibleRows({
        shown: withSortKey(columns, sql`feed.id`),
        candidates: feedQueue(part, page.looks),
        name: sql`feed`,
        joins: sql`cross join posts p on p.id = feed.id ${OWNERS}`,
        visible: visibleInList(viewerId, { followedBy }),
        key: [sql`feed.id`],
        page,
        // Of the accounts in a feed all that is hidden is what moderators have hidden.
        most: sql`iif(${followsMany(followedBy)}, 0, ${withHidden(sql`0`, hiddenPosts)})`,
        beyond: sql`'[' || ${feedEnd(part)} || ']'`,
      }),
    count: feedCount(viewerId, followedBy),
  }
}
