/** The table that a list of posts begins with: the one that gives the fewest posts, in an order of its own. */
import { type SQL, sql } from 'drizzle-orm'
import { ListOrder } from '../db/list-order'
import type { PageRequest } from '../db/page'
import { rowCount } from '../db/sequences'
import type { ViewerId } from '../db/visibility'
import { feedQueue } from './feed'
import { ftsQuery, matchesAll, unindexed } from './search'
import { isById, isByOwnLikes, type PostFilter, type PostOrder, type SortedPost } from './selection'

export interface Lead {
  from: SQL
  /** Adds `posts p`, where `from` does not have it. */
  posts: SQL
  where: SQL
  /** The post's id by the lead's own column: named in an order, it spares SQLite to sort what comes in order already. */
  id: SQL
  /** What the lead is in the order of: larger is newer. */
  key: SQL
  /** What is left of the filter. */
  rest: PostFilter
  /** How many posts the lead has, where that is kept. */
  kept?: SQL<number>
}

/** The lead of a filtered list. */
export function leadOf(viewerId: ViewerId, filter: PostFilter, order: PostOrder): Lead {
  const { owner, followedBy, likedBy, words } = filter
  const isOwnLikes = isByOwnLikes(filter, order.field)
  const match = isOwnLikes ? undefined : ftsQuery(words, owner)
  if (match !== undefined) {
    return {
      from: sql`post_search`,
      posts: sql`cross join posts p on p.id = post_search.rowid`,
      where: sql`post_search match ${match}`,
      id: sql`post_search.rowid`,
      key: sql`post_search.rowid`,
      rest: { followedBy, likedBy, words: unindexed(words) },
    }
  }
  if (likedBy !== undefined) {
    return {
      from: sql`likes l`,
      posts: sql`cross join posts p on p.id = l.post_id`,
      where: sql`l.owner_id = ${likedBy}`,
      id: sql`l.post_id`,
      key: isOwnLikes ? sql`l.id` : sql`l.post_id`,
      rest: { owner, followedBy, words },
      kept: sql`coalesce((select likes_given_count from users where id = ${likedBy}), 0)`,
    }
  }
  const posts = { from: sql`posts p`, posts: sql``, id: sql`p.id`, key: sql`p.id` }
  if (owner !== undefined) {
    return {
      ...posts,
      where: sql`p.owner_id = ${owner}`,
      rest: { followedBy, words },
      kept: sql`coalesce((select posts_count from users where id = ${owner}), 0)`,
    }
  }
  if (followedBy !== undefined && !isById(order.field)) {
    const queue = feedQueue(
      { viewerId, followedBy, descending: true, after: undefined },
      FEED_SORTED + 1,
      true,
    )
    return {
      from: sql`(${queue} select id from queue where id <> 0) feed`,
      posts: sql`cross join posts p on p.id = feed.id`,
      where: sql`true`,
      id: sql`feed.id`,
      key: sql`feed.id`,
      rest: { words },
    }
  }
  return { ...posts, where: sql`true`, rest: { followedBy, words }, kept: rowCount('posts') }
}

/** How many posts of a feed are sorted, by anything but their time. */
export const FEED_SORTED = 120

/** What is left of the filter, as conditions on `posts p` and for words `users u`. */
export function conditions({ owner, followedBy, likedBy, words }: PostFilter): SQL[] {
  return [
    owner !== undefined && sql`p.owner_id = ${owner}`,
    followedBy !== undefined &&
      sql`exists (select 1 from followers where owner_id = ${followedBy} and followed_id = p.owner_id)`,
    likedBy !== undefined && sql`exists (select 1 from likes where owner_id = ${likedBy} and post_id = p.id)`,
    words.length > 0 && matchesAll(words),
  ].filter((condition) => condition !== false)
}

/** `select k, id`: the lead's posts in its order, from the page's position on in the direction of reading, or the newest. */
export function candidates(lead: Lead, descending: boolean, after: PageRequest['after']): SQL {
  const order = new ListOrder<SortedPost>('', [{ column: lead.key, descending, of: () => 0 }])
  const behind = after ? sql`and ${order.after(after)}` : sql``
  return sql`select ${lead.key} as k, ${lead.id} as id from ${lead.from} where ${lead.where} ${behind} ${order.orderBy()}`
}
