/**
 * Lists of posts: every combination of filters, search and ordering in one D1 call.
 *
 * Rows read for a page of 20, whatever the size of the tables, where P is what hydrating it costs (20 posts, 20 owners,
 * the viewer's likes among them):
 *   all, by owner, liked by, newest or oldest first   P + 4
 *   all, by likes, comments or last like              P + 60   (db/walk.ts)
 *   feed                                              P + 60 + 6 per account followed
 *   search, words of 3 characters and more            P + 20 + what counting reads
 * Counting is free where a count is kept, else it reads up to `COUNT_LIMIT` matches, once per walk of pages. What combines a filter
 * or a search with an ordering by counts reads and sorts all that matches; a search for shorter words only reads posts, newest first,
 * until the page is full.
 */
import { type SQL, sql } from 'drizzle-orm'
import type { Db } from '../db/client'
import { rowCount } from '../db/ids'
import { NEVER } from '../db/schema'
import { walk } from '../db/walk'
import type { Listed, Window } from '../db/window'
import type { PostRow } from './queries'
import { postColumns } from './queries'
import { ftsQuery, matchesAll } from './search'

/** Lists whose size is kept nowhere are counted up to here. */
export const COUNT_LIMIT = 1000

export const SORT_KEYS = {
  created_at: 'id',
  likes_count: 'likes_count',
  comments_count: 'comments_count',
  likes__created_at: 'last_like_id',
} as const
export type SortKey = keyof typeof SORT_KEYS

export interface PostFilter {
  /** Ids of users: whose posts, whose feed, whose likes. */
  owner?: number | undefined
  followedBy?: number | undefined
  likedBy?: number | undefined
  /** Folded words that must all occur. */
  words: string[]
}

export interface PostOrder {
  key: SortKey
  descending: boolean
}

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
  const named = [filter.owner, filter.followedBy, filter.likedBy].filter((id) => id !== undefined)
  const { rows, counted } = source(filter, order, window)
  const [page, counts, users] = await db.batch([
    db.rows<PostRow & { sortKey: number }>(rows(postColumns(viewerId))),
    db.rows<{ count: number }>(sql`select ${window.count ?? counted} as count`),
    db.rows<{ id: number }>(
      sql`select id from users where id in (select value from json_each(${JSON.stringify(named)}))`,
    ),
  ])
  return { rows: page, count: counts[0]?.count ?? 0, known: new Set(users.map(({ id }) => id)) }
}

interface Source {
  /** The statement, given the columns to show. */
  rows: (columns: SQL) => SQL
  /** How many rows the list has in all. */
  counted: SQL
}

function source(filter: PostFilter, order: PostOrder, window: Window): Source {
  const { owner, followedBy, likedBy, words } = filter
  const searches = words.length > 0
  const filters = [owner, followedBy, likedBy].filter((id) => id !== undefined).length
  if (filters === 0 && !searches) {
    return {
      rows: order.key === 'created_at' ? scan(filter, order, window).rows : walked(order, window),
      counted: rowCount('posts'),
    }
  }
  if (filters === 1 && !searches) {
    if (followedBy !== undefined && order.key === 'created_at') return feed(followedBy, order, window)
    if (owner !== undefined) {
      return {
        ...scan(filter, order, window),
        counted: sql`(select posts_count from users where id = ${owner})`,
      }
    }
    if (likedBy !== undefined) {
      return {
        ...scan(filter, order, window),
        counted: sql`(select likes_given_count from users where id = ${likedBy})`,
      }
    }
  }
  return scan(filter, order, window)
}

const direction = (order: PostOrder) => (order.descending ? sql`desc` : sql`asc`)
const column = (order: PostOrder) => sql.raw(SORT_KEYS[order.key])

/** All posts by a count, stepping along its index. */
function walked(order: PostOrder, { after, limit, offset }: Window) {
  const key = column(order)
  const steps = limit + offset
  return (columns: SQL) => sql`
    ${walk({ table: sql`posts`, key, descending: order.descending, after, steps })}
    select ${columns}, p.${key} as "sortKey"
    from walk p cross join users u on u.id = p.owner_id
    order by p.${key} ${direction(order)}, p.id desc limit ${limit} offset ${offset}`
}

/**
 * The feed, newest (or oldest) first: the newest post of each account followed goes into a queue, and whichever comes out is
 * replaced by the next of the same account. What is read depends on how many are followed, not on how much or how little they post.
 */
function feed(followedBy: number, order: PostOrder, { after, limit, offset }: Window): Source {
  const [extreme, beyond, none] = order.descending ? [sql`max`, sql`<`, 0] : [sql`min`, sql`>`, NEVER]
  const start = after?.[0] ?? (order.descending ? NEVER : 0)
  const next = (owner: SQL, id: SQL | number) =>
    sql`coalesce((select ${extreme}(id) from posts where owner_id = ${owner} and id ${beyond} ${id}), ${none})`
  const rows = (columns: SQL) => sql`
    with recursive queue(id, owner_id) as (
      select ${next(sql`followers.followed_id`, start)}, followers.followed_id from followers where followers.owner_id = ${followedBy}
      union all
      select ${next(sql`queue.owner_id`, sql`queue.id`)}, queue.owner_id from queue where queue.id <> ${none}
      order by 1 ${direction(order)} limit ${limit + offset})
    select ${columns}, p.id as "sortKey"
    from queue cross join posts p on p.id = queue.id cross join users u on u.id = p.owner_id
    order by p.id ${direction(order)} limit ${limit} offset ${offset}`
  const counted = sql`(select min(${COUNT_LIMIT}, coalesce(sum(users.posts_count), 0))
    from followers cross join users on users.id = followers.followed_id where followers.owner_id = ${followedBy})`
  return { rows, counted }
}

/** Everything else: one table leads (its index gives the order where it can), the rest filters. */
function scan(filter: PostFilter, order: PostOrder, { after, limit, offset }: Window): Source {
  const { owner, followedBy, likedBy, words } = filter
  const match = ftsQuery(words)
  const posts = sql`cross join posts p on p.id =`
  // The leading table's own column is named in the order, or SQLite would sort what comes in order already.
  const lead = match
    ? { from: sql`post_search ${posts} post_search.rowid`, id: sql`post_search.rowid` }
    : likedBy !== undefined
      ? { from: sql`likes l ${posts} l.post_id`, id: sql`l.post_id` }
      : { from: sql`posts p`, id: sql`p.id` }
  // With a filter by likes, the ordering by likes means these likes.
  const ownLikes = order.key === 'likes__created_at' && likedBy !== undefined && !match
  const key = ownLikes ? sql`l.id` : order.key === 'created_at' ? lead.id : sql`p.${column(order)}`

  const where = [
    match && sql`post_search match ${match}`,
    likedBy !== undefined && !match && sql`l.owner_id = ${likedBy}`,
    likedBy !== undefined &&
      match &&
      sql`exists (select 1 from likes where owner_id = ${likedBy} and post_id = p.id)`,
    owner !== undefined && sql`p.owner_id = ${owner}`,
    followedBy !== undefined &&
      sql`exists (select 1 from followers where owner_id = ${followedBy} and followed_id = p.owner_id)`,
    words.length > 0 && matchesAll(words),
  ].filter((condition): condition is SQL => typeof condition === 'object')
  const from = sql`${lead.from} cross join users u on u.id = p.owner_id`
  const conditions = (more: SQL[]) => {
    const all = [...where, ...more]
    return all.length > 0 ? sql`where ${sql.join(all, sql` and `)}` : sql``
  }

  // A key that no two rows share needs no tie-break, and without one SQLite begins at the cursor's place in the index.
  const isUnique = order.key === 'created_at' || ownLikes
  const [k, id] = after ?? []
  const beyond = order.descending ? sql`<` : sql`>`
  const tied = isUnique ? sql`` : sql` or (${key} = ${k} and p.id < ${id ?? 0})`
  const behind = k === undefined ? [] : [sql`(${key} ${beyond} ${k}${tied})`]
  const ties = isUnique ? sql`` : sql`, p.id desc`
  return {
    rows: (columns) => sql`select ${columns}, ${key} as "sortKey" from ${from} ${conditions(behind)}
      order by ${key} ${direction(order)}${ties} limit ${limit} offset ${offset}`,
    counted: sql`(select count(*) from (select 1 from ${from} ${conditions([])} limit ${COUNT_LIMIT}))`,
  }
}
