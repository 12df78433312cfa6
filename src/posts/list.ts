/**
 * Lists of posts: every combination of filters, search and ordering in one D1 call.
 *
 * Rows read for a page of 20, whatever the size of the tables, where P is what hydrating it costs (20 posts, 20 owners,
 * the viewer's likes among them):
 *   all, by owner, liked by, newest or oldest first   P + 4
 *   all, by likes, comments or last like              P + 4, ascending P + 46   (db/key-order.ts)
 *   feed                                              P + 60 + 6 per account followed
 *   search, words of 3 characters and more            P + 20 + what counting reads
 * Counting is free where a count is kept, else it reads up to `COUNT_LIMIT` matches, once per list, as cursors carry it. What combines a filter
 * or a search with an ordering by counts reads and sorts all that matches; a search for shorter words only reads posts, newest first,
 * until the page is full.
 */
import { type SQL, sql } from 'drizzle-orm'
import type { Db } from '../db/client'
import { listed } from '../db/columns'
import { existingUsersStatement, idsOf } from '../db/existing-users'
import { inKeyOrder } from '../db/key-order'
import { COUNT_LIMIT, type PageRequest, type PageSlice } from '../db/page'
import { NEVER, posts } from '../db/schema'
import { rowCount } from '../db/sequences'
import { selectedStatement, selectStatement } from '../db/statements'
import { filteredList } from './filtered-list'
import { POST, p, viewerColumns } from './queries'
import {
  direction,
  type PostFilter,
  type PostOrder,
  SORT_COLUMNS,
  type SortedPost,
  type Source,
} from './selection'

export interface PostPage extends PageSlice<SortedPost> {
  /** Those users of the filter who exist. */
  existing: ReadonlySet<number>
}

/** The posts of one page. `words` may hold at most 60. */
export async function listPosts(
  db: Db,
  viewerId: number | undefined,
  filter: PostFilter,
  order: PostOrder,
  page: PageRequest,
): Promise<PostPage> {
  const { rows, count } = source(filter, order, page)
  const viewer = viewerColumns(viewerId)
  const [found, [counted], existing] = await db.batch([
    selectedStatement(
      { ...POST.columns, ...viewer, sortKey: sql<number>`` },
      rows(sql`${POST.sql}, ${listed(viewer)}`),
    ),
    selectStatement({ count: page.count === undefined ? count : sql<number>`${page.count}` }, sql``),
    existingUsersStatement([filter.owner, filter.followedBy, filter.likedBy]),
  ])
  return { rows: found, count: counted?.count ?? 0, existing: idsOf(existing) }
}

function source(filter: PostFilter, order: PostOrder, page: PageRequest): Source {
  const { owner, followedBy, likedBy, words } = filter
  const filters = [owner, followedBy, likedBy].filter((id) => id !== undefined).length
  if (words.length > 0 || filters > 1) return filteredList(filter, order, page)
  if (owner !== undefined) {
    const { rows } = filteredList(filter, order, page)
    return { rows, count: sql`(select posts_count from users where id = ${owner})` }
  }
  if (likedBy !== undefined) {
    const { rows } = filteredList(filter, order, page)
    return { rows, count: sql`(select likes_given_count from users where id = ${likedBy})` }
  }
  if (followedBy !== undefined) {
    const isFeed = order.field === 'created_at'
    const rows = isFeed ? feed(followedBy, order, page) : filteredList(filter, order, page).rows
    return { rows, count: feedCount(followedBy) }
  }
  const rows = order.field === 'created_at' ? filteredList(filter, order, page).rows : byCount(order, page)
  return { rows, count: rowCount('posts') }
}

/** All posts by a count. */
const byCount =
  ({ field, descending }: PostOrder, page: PageRequest) =>
  (columns: SQL) =>
    inKeyOrder({
      table: posts,
      key: SORT_COLUMNS[field],
      id: p.id,
      descending,
      page,
      select: (where) =>
        sql`select ${columns}, ${SORT_COLUMNS[field]} as "sortKey" from posts p cross join users u on u.id = p.owner_id where ${where}`,
    })

/**
 * The feed, newest (or oldest) first: the newest post of each account followed goes into a queue, and whichever comes out is
 * replaced by the next of the same account. What is read depends on how many are followed, not on how much or how little they post.
 */
function feed(followedBy: number, order: PostOrder, { after, limit, offset }: PageRequest) {
  const [extreme, beyond, none] = order.descending ? [sql`max`, sql`<`, 0] : [sql`min`, sql`>`, NEVER]
  const start = after?.[0] ?? (order.descending ? NEVER : 0)
  const next = (owner: SQL, id: SQL | number) =>
    sql`coalesce((select ${extreme}(id) from posts where owner_id = ${owner} and id ${beyond} ${id}), ${none})`
  return (columns: SQL) => sql`
    with recursive queue(id, owner_id) as (
      select ${next(sql`followers.followed_id`, start)}, followers.followed_id from followers where followers.owner_id = ${followedBy}
      union all
      select ${next(sql`queue.owner_id`, sql`queue.id`)}, queue.owner_id from queue where queue.id <> ${none}
      order by 1 ${direction(order)} limit ${limit + offset})
    select ${columns}, p.id as "sortKey"
    from queue cross join posts p on p.id = queue.id cross join users u on u.id = p.owner_id
    order by p.id ${direction(order)} limit ${limit} offset ${offset}`
}

const feedCount = (
  followedBy: number,
) => sql<number>`(select min(${COUNT_LIMIT}, coalesce(sum(users.posts_count), 0))
  from followers cross join users on users.id = followers.followed_id where followers.owner_id = ${followedBy})`
