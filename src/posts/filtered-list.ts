/**
 * Lists of posts that are read from one leading table, in one of three ways:
 *   the lead has exactly the requested posts in the requested order       a page of it
 *   further filters remain                                                a page examines a limited number of posts, and the next continues there
 *   another order is requested                                            a limited number of the newest, sorted
 * The limits depend on the cost of examining a post: no page reads more than `MAX_ROWS_READ`.
 */
import { type SQL, sql } from 'drizzle-orm'
import { limits, type PageRequest } from '../db/page'
import type { ViewerId } from '../db/visibility'
import { visibleRows } from '../db/visible-page'
import { candidates, conditions, FEED_SORTED, type Lead, leadOf } from './lead'
import {
  isById,
  isByOwnLikes,
  OWNERS,
  type PostFilter,
  type PostOrder,
  SORT_COLUMNS,
  type Source,
  visibleInList,
  withSortKey,
} from './selection'

/** Searches are counted up to this number. */
export const SEARCH_COUNT_LIMIT = 350

const SCAN_ROWS = 2100
const SORT_ROWS = 1600

/** How many hidden posts may precede the last of the sorted ones; half as many if these have to be counted. */
const PASSED_OVER = 100

const whereAll = (all: SQL[]) => (all.length > 0 ? sql`where ${sql.join(all, sql` and `)}` : sql``)

/** The posts of one page by any filter, search and ordering. */
export function filteredList(
  viewerId: ViewerId,
  filter: PostFilter,
  order: PostOrder,
  page: PageRequest,
): Source {
  const lead = leadOf(viewerId, filter, order)
  const left = conditions(lead.rest)
  const visible = visibleInList(viewerId, filter)
  if (!isById(order.field) && !isByOwnLikes(filter, order.field))
    return sorted(lead, left, visible, filter, order, page)
  return left.length > 0 ? scanned(lead, left, visible, order, page) : led(lead, visible, order, page)
}

/** In the lead's own order. */
function led(lead: Lead, visible: SQL, order: PostOrder, page: PageRequest): Source {
  const [key] = order.list.towards(page).keys
  // The index is read twice, the owners matching the words once.
  const read = lead.match ? { ...lead, where: sql`post_search match (select match from q)` } : lead
  return {
    rows: (columns) =>
      visibleRows({
        ...(lead.match && { first: sql`with q(match) as materialized (select ${lead.match})` }),
        shown: withSortKey(columns, sql`${lead.name}.k`),
        candidates: candidates(read, key.descending, page.after),
        name: lead.name,
        joins: sql`${lead.posts} ${OWNERS}`,
        visible,
        key: [sql`${lead.name}.k`],
        page,
        kept: lead.kept,
        most: lead.most,
      }),
    count: lead.kept ?? searchCount(lead, visible),
  }
}

/** How many matches the viewer can see: counting hidden posts would reveal which words they contain. Reads two rows for each. */
const searchCount = ({ columns, from, where, name, posts }: Lead, visible: SQL) =>
  sql<number>`(select iif(count(*) = ${SEARCH_COUNT_LIMIT}, count(*), coalesce(sum(visible), 0)) from (select ${visible} as visible
    from (select ${columns} from ${from} where ${where} limit ${SEARCH_COUNT_LIMIT}) ${name} ${posts}))`

/** The posts that match the remaining filters, among those that a page examines. */
function scanned(lead: Lead, left: SQL[], visible: SQL, order: PostOrder, page: PageRequest): Source {
  const looks = Math.floor(SCAN_ROWS / (2 * rowsEach(lead, left) + 2))
  const [key] = order.list.towards(page).keys
  const all = candidates(lead, key.descending, page.after)
  const from = sql`(${all} limit ${looks}) ${lead.name} ${lead.posts} ${OWNERS} ${whereAll([...left, visible])}`
  const end = sql<number | null>`(select k from (${all} limit 1 offset ${looks - 1}))`
  return {
    // The candidates' order is kept, because they come first in the join and each has one post and one owner.
    rows: (columns) =>
      sql`select ${columns.sql}, ${lead.name}.k as "sortKey", 0 as "end" from ${from} ${limits(page)}`,
    // The size of a longer list is unknown: counting would mean examining all of it.
    count: page.after ? sql`null` : sql`iif(${end} is null, (select count(*) from ${from}), null)`,
    end,
  }
}

/** The newest, sorted. */
function sorted(
  lead: Lead,
  left: SQL[],
  visible: SQL,
  { followedBy }: PostFilter,
  order: PostOrder,
  page: PageRequest,
): Source {
  const list = order.list.towards(page)
  const kept = left.length === 0 ? lead.kept : undefined
  const each = rowsEach(lead, left) + (order.field === 'owner' ? 1 : 0)
  const isFeed = followedBy !== undefined && lead.rest.followedBy === undefined
  const window = isFeed ? FEED_SORTED : Math.floor(SORT_ROWS / (kept ? each + 1 : 2 * each + 1))
  // With remaining filters a window is examined; without, a few more posts than are shown.
  const looks = left.length === 0 ? window + (kept ? PASSED_OVER : PASSED_OVER / 2) : window
  const owners = order.field === 'owner' || lead.rest.words.length > 0 ? OWNERS : sql``
  const newest = sql`select p.id as id, ${SORT_COLUMNS[order.field]} as k
    from (${candidates(lead, true, undefined)} limit ${looks}) ${lead.name} ${lead.posts} ${owners}
    ${whereAll([...left, visible])} limit ${window}`
  const size = kept && sql<number>`min(${kept}, ${window})`
  const keys = [sql`s.k`, sql`s.id`]
  const behind = page.after ? sql`where ${list.after(page.after, keys)}` : sql``
  return {
    // Only the columns needed for the order are sorted.
    rows: (columns) => sql`select ${columns.sql}, s.k as "sortKey", 0 as "end"
      from (select * from (${newest}) s ${behind} ${list.orderBy(keys)} ${limits(page, size)}) s
      cross join posts p on p.id = s.id ${OWNERS} ${list.orderBy(keys)}`,
    count: size ?? sql`(select count(*) from (${newest}))`,
  }
}

/** The rows read to examine one post. */
const rowsEach = (lead: Lead, left: SQL[]): number =>
  2 + left.length + (lead.rest.likedBy === undefined ? 0 : 1)
