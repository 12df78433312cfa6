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
import { candidates, conditions, FEED_SORTED, type Lead, leadOf } from './lead'
import {
  isById,
  isByOwnLikes,
  type PostFilter,
  type PostOrder,
  SORT_COLUMNS,
  type Source,
  visibleInList,
} from './selection'

/** Searches are counted up to here. */
export const SEARCH_COUNT_LIMIT = 500

const SCAN_ROWS = 2100
const SORT_ROWS = 1600

const users = sql`cross join users u on u.id = p.owner_id`
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
  const list = order.list.towards(page)
  const where = [lead.where, visible, ...(page.after ? [list.after(page.after, [lead.key])] : [])]
  return {
    rows: (columns) => sql`select ${columns}, ${lead.key} as "sortKey"
      from ${lead.from} ${lead.posts} ${users} ${whereAll(where)} ${list.orderBy([lead.key])} ${limits(page, lead.kept)}`,
    count: lead.kept ?? searchCount(lead, visible),
  }
}

/** How many of the matches the viewer sees: who may not see a post must not find out which words are in it. Reads two rows for each. */
const searchCount = (lead: Lead, visible: SQL) =>
  sql<number>`(select iif(count(*) = ${SEARCH_COUNT_LIMIT}, count(*), coalesce(sum(visible), 0)) from (select ${visible} as visible
    from ${lead.from} ${lead.posts} where ${lead.where} limit ${SEARCH_COUNT_LIMIT}))`

/** Those that fulfil what is left of the filter, among as many as a page looks at. */
function scanned(lead: Lead, left: SQL[], visible: SQL, order: PostOrder, page: PageRequest): Source {
  const looks = Math.floor(SCAN_ROWS / (2 * rowsEach(lead, left) + 2))
  const [key] = order.list.towards(page).keys
  const all = candidates(lead, key.descending, page.after)
  const from = sql`(${all} limit ${looks}) s cross join posts p on p.id = s.id ${users} ${whereAll([...left, visible])}`
  const end = sql<number | null>`(select k from (${all} limit 1 offset ${looks - 1}))`
  return {
    // In the order of the candidates, as nothing comes before them and each has one post and one owner.
    rows: (columns) => sql`select ${columns}, s.k as "sortKey" from ${from} ${limits(page)}`,
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
  const owners = order.field === 'owner' || lead.rest.words.length > 0 ? users : sql``
  const value = sql`p.id as id, ${SORT_COLUMNS[order.field]} as k`
  // With nothing left to filter the lead need not be read before the posts.
  const newest =
    left.length === 0
      ? sql`select ${value} from ${lead.from} ${lead.posts} ${owners} where ${lead.where} and ${visible}
          order by ${lead.key} desc limit ${window}`
      : sql`select ${value} from (${candidates(lead, true, undefined)} limit ${window}) s
          cross join posts p on p.id = s.id ${owners} ${whereAll([...left, visible])}`
  const size = kept && sql<number>`min(${kept}, ${window})`
  const keys = [sql`s.k`, sql`s.id`]
  const behind = page.after ? sql`where ${list.after(page.after, keys)}` : sql``
  return {
    // Of each only what the order needs is sorted.
    rows: (columns) => sql`select ${columns}, s.k as "sortKey"
      from (select * from (${newest}) s ${behind} ${list.orderBy(keys)} ${limits(page, size)}) s
      cross join posts p on p.id = s.id ${users} ${list.orderBy(keys)}`,
    count: size ?? sql`(select count(*) from (${newest}))`,
  }
}

/** Rows that are read to look at one post. */
const rowsEach = (lead: Lead, left: SQL[]): number =>
  2 + left.length + (lead.rest.likedBy === undefined ? 0 : 1)
