/**
 * Lists of posts that one table leads. Three ways of reading them:
 *   the lead has all that is asked for, in the order that is asked for    a page of it
 *   something is left to filter                                           a page looks at so many posts, and the next goes on where it stopped
 *   the order is another                                                  the newest so many, sorted
 * How many that are depends on what looking at one costs: no page reads more than `MAX_ROWS_READ`.
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

/** Searches are counted up to here. */
export const SEARCH_COUNT_LIMIT = 350

const SCAN_ROWS = 2100
const SORT_ROWS = 1600

/** So many that are hidden may stand before the last of those that are sorted, half as many where these have to be counted. */
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

/** As the lead has them. */
function led(lead: Lead, visible: SQL, order: PostOrder, page: PageRequest): Source {
  const [key] = order.list.towards(page).keys
  // The index is asked twice, who is meant by the words once.
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

/** How many of the matches the viewer sees: who may not see a post must not find out which words are in it. Reads two rows for each. */
const searchCount = ({ columns, from, where, name, posts }: Lead, visible: SQL) =>
  sql<number>`(select iif(count(*) = ${SEARCH_COUNT_LIMIT}, count(*), coalesce(sum(visible), 0)) from (select ${visible} as visible
    from (select ${columns} from ${from} where ${where} limit ${SEARCH_COUNT_LIMIT}) ${name} ${posts}))`

/** Those that fulfil what is left of the filter, among as many as a page looks at. */
function scanned(lead: Lead, left: SQL[], visible: SQL, order: PostOrder, page: PageRequest): Source {
  const looks = Math.floor(SCAN_ROWS / (2 * rowsEach(lead, left) + 2))
  const [key] = order.list.towards(page).keys
  const all = candidates(lead, key.descending, page.after)
  const from = sql`(${all} limit ${looks}) ${lead.name} ${lead.posts} ${OWNERS} ${whereAll([...left, visible])}`
  const end = sql<number | null>`(select k from (${all} limit 1 offset ${looks - 1}))`
  return {
    // In the order of the candidates, as nothing comes before them and each has one post and one owner.
    rows: (columns) =>
      sql`select ${columns.sql}, ${lead.name}.k as "sortKey", 0 as "end" from ${from} ${limits(page)}`,
    // Of a longer list the size is unknown: finding out would mean looking at all of it.
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
  // What is left to filter is looked at in a window; without it, some more are looked at than are shown.
  const looks = left.length === 0 ? window + (kept ? PASSED_OVER : PASSED_OVER / 2) : window
  const owners = order.field === 'owner' || lead.rest.words.length > 0 ? OWNERS : sql``
  const newest = sql`select p.id as id, ${SORT_COLUMNS[order.field]} as k
    from (${candidates(lead, true, undefined)} limit ${looks}) ${lead.name} ${lead.posts} ${owners}
    ${whereAll([...left, visible])} limit ${window}`
  const size = kept && sql<number>`min(${kept}, ${window})`
  const keys = [sql`s.k`, sql`s.id`]
  const behind = page.after ? sql`where ${list.after(page.after, keys)}` : sql``
  return {
    // Of each only what the order needs is sorted.
    rows: (columns) => sql`select ${columns.sql}, s.k as "sortKey", 0 as "end"
      from (select * from (${newest}) s ${behind} ${list.orderBy(keys)} ${limits(page, size)}) s
      cross join posts p on p.id = s.id ${OWNERS} ${list.orderBy(keys)}`,
    count: size ?? sql`(select count(*) from (${newest}))`,
  }
}

/** Rows that are read to look at one post. */
const rowsEach = (lead: Lead, left: SQL[]): number =>
  2 + left.length + (lead.rest.likedBy === undefined ? 0 : 1)
