/**
 * Lists of posts: every combination of filters, search and ordering in one D1 call.
 *
 * Rows read for a page of 20, whatever the size of the tables, where P is what hydrating it costs (20 posts, 20 owners,
 * the viewer's likes among them):
 *   all, by owner, liked by, newest or oldest first   P + 4
 *   all, by likes, comments or last like              P + 4, ascending P + 46   (db/walk.ts)
 *   feed                                              P + 60 + 6 per account followed
 *   search, words of 3 characters and more            P + 20 + what counting reads
 * Counting is free where a count is kept, else it reads up to `COUNT_LIMIT` matches, once per walk of pages. What combines a filter
 * or a search with an ordering by counts reads and sorts all that matches; a search for shorter words only reads posts, newest first,
 * until the page is full.
 */
import { type SQL, sql } from 'drizzle-orm'
import type { Db } from '../db/client'
import { rowCount } from '../db/ids'
import { selectKnown } from '../db/known'
import { NEVER } from '../db/schema'
import { walk } from '../db/walk'
import { COUNT_LIMIT, type Listed, type Window } from '../db/window'
import type { PostRow } from './queries'
import { postColumns } from './queries'
import { scan } from './scan'
import { direction, type PostFilter, type PostOrder, type Source, sortColumn } from './selection'

export interface PostPage extends Listed<PostRow & { sortKey: number }> {
  /** Those users of the filter who exist. */
  known: Set<number>
}

/** The posts of one window. `words` may hold at most 60. */
export async function listPosts(
  db: Db,
  viewerId: number | undefined,
  filter: PostFilter,
  order: PostOrder,
  window: Window,
): Promise<PostPage> {
  const { rows, counted } = source(filter, order, window)
  const [page, counts, users] = await db.batch([
    db.rows<PostRow & { sortKey: number }>(rows(postColumns(viewerId))),
    db.rows<{ count: number }>(sql`select ${window.count ?? counted} as count`),
    selectKnown(db, [filter.owner, filter.followedBy, filter.likedBy]),
  ])
  return { rows: page, count: counts[0]?.count ?? 0, known: new Set(users.map(({ id }) => id)) }
}

function source(filter: PostFilter, order: PostOrder, window: Window): Source {
  const { owner, followedBy, likedBy, words } = filter
  const filters = [owner, followedBy, likedBy].filter((id) => id !== undefined).length
  if (words.length > 0 || filters > 1) return scan(filter, order, window)
  if (owner !== undefined) {
    return {
      rows: scan(filter, order, window).rows,
      counted: sql`(select posts_count from users where id = ${owner})`,
    }
  }
  if (likedBy !== undefined) {
    return {
      rows: scan(filter, order, window).rows,
      counted: sql`(select likes_given_count from users where id = ${likedBy})`,
    }
  }
  if (followedBy !== undefined) {
    const rows =
      order.key === 'created_at' ? feed(followedBy, order, window) : scan(filter, order, window).rows
    return { rows, counted: feedCount(followedBy) }
  }
  const rows = order.key === 'created_at' ? scan(filter, order, window).rows : walked(order, window)
  return { rows, counted: rowCount('posts') }
}

/** All posts by a count. */
function walked(order: PostOrder, window: Window) {
  const key = sortColumn(order)
  return (columns: SQL) =>
    walk({
      table: sql`posts`,
      alias: sql`p`,
      key,
      descending: order.descending,
      window,
      select: (where) =>
        sql`select ${columns}, p.${key} as "sortKey" from posts p cross join users u on u.id = p.owner_id where ${where}`,
    })
}

/**
 * The feed, newest (or oldest) first: the newest post of each account followed goes into a queue, and whichever comes out is
 * replaced by the next of the same account. What is read depends on how many are followed, not on how much or how little they post.
 */
function feed(followedBy: number, order: PostOrder, { after, limit, offset }: Window) {
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

const feedCount = (followedBy: number) => sql`(select min(${COUNT_LIMIT}, coalesce(sum(users.posts_count), 0))
  from followers cross join users on users.id = followers.followed_id where followers.owner_id = ${followedBy})`
