/** The table that a list of posts starts from: the one that gives the fewest posts, in its own order. */
import { type SQL, sql } from 'drizzle-orm'
import { ListOrder } from '../db/list-order'
import type { PageRequest } from '../db/page'
import { hiddenPosts, posts as postsTable } from '../db/schema'
import { rowCount } from '../db/sequences'
import type { ViewerId } from '../db/visibility'
import { largestId, withHidden } from '../db/visible-page'
import { feedQueue } from './feed'
import { ftsQuery, matchesAll, unindexed } from './search'
import { isById, isByOwnLikes, type PostFilter, type PostOrder, type SortedPost } from './selection'

export interface Lead {
  from: SQL
  where: SQL
  /** The lead's sort key: larger is newer. */
  key: SQL
  /** The selected columns: the key as `k`, and the post's `id`, or the whole post. */
  columns: SQL
  /** The alias of its rows after they are read. */
  name: SQL
  /** Joins `posts p`, if the lead does not include it. */
  posts: SQL
  /** The full-text query, if the search index leads. */
  match?: SQL
  /** The remaining filters. */
  rest: PostFilter
  /** The number of posts in the lead, if it is stored. */
  kept?: SQL<number>
  /** The most posts it can have, including hidden ones. */
  most?: SQL<number>
}

/** A lead that only has the post's id. */
const byId = (key: SQL, id: SQL) => ({
  key,
  columns: sql`${key} as k, ${id} as id`,
  name: sql`s`,
  posts: sql`cross join posts p on p.id = s.id`,
})

/** The lead of a filtered list. */
export function leadOf(viewerId: ViewerId, filter: PostFilter, order: PostOrder): Lead {
  const { owner, followedBy, likedBy, words } = filter
  const isOwnLikes = isByOwnLikes(filter, order.field)
  const match = isOwnLikes ? undefined : ftsQuery(words, owner)
  if (match !== undefined) {
    return {
      ...byId(sql`post_search.rowid`, sql`post_search.rowid`),
      from: sql`post_search`,
      where: sql`post_search match ${match}`,
      match,
      rest: { followedBy, likedBy, words: unindexed(words) },
    }
  }
  if (likedBy !== undefined) {
    return {
      ...byId(isOwnLikes ? sql`l.id` : sql`l.post_id`, sql`l.post_id`),
      from: sql`likes l`,
      where: sql`l.owner_id = ${likedBy}`,
      rest: { owner, followedBy, words },
      kept: sql`coalesce((select likes_given_count from users where id = ${likedBy}), 0)`,
    }
  }
  const posts = {
    from: sql`posts p`,
    key: sql`p.id`,
    columns: sql`p.*, p.id as k`,
    name: sql`p`,
    posts: sql``,
  }
  if (owner !== undefined) {
    const kept = sql<number>`coalesce((select posts_count from users where id = ${owner}), 0)`
    return {
      ...posts,
      where: sql`p.owner_id = ${owner}`,
      rest: { followedBy, words },
      kept,
      most: withHidden(kept, hiddenPosts),
    }
  }
  if (followedBy !== undefined && !isById(order.field)) {
    const queue = feedQueue(
      { viewerId, followedBy, descending: true, after: undefined },
      FEED_SORTED + 1,
      true,
    )
    return {
      ...byId(sql`feed.id`, sql`feed.id`),
      from: sql`(${queue}) feed`,
      where: sql`true`,
      rest: { words },
    }
  }
  const all = { kept: rowCount('posts'), most: largestId(postsTable) }
  return { ...posts, ...all, where: sql`true`, rest: { followedBy, words } }
}

/** How many posts of a feed are sorted, except by time. */
export const FEED_SORTED = 120

/** The remaining filters, as conditions on `posts p` and, for words, `users u`. */
export function conditions({ owner, followedBy, likedBy, words }: PostFilter): SQL[] {
  return [
    owner !== undefined && sql`p.owner_id = ${owner}`,
    followedBy !== undefined &&
      sql`exists (select 1 from followers where owner_id = ${followedBy} and followed_id = p.owner_id)`,
    likedBy !== undefined && sql`exists (select 1 from likes where owner_id = ${likedBy} and post_id = p.id)`,
    words.length > 0 && matchesAll(words),
  ].filter((condition) => condition !== false)
}

/** The lead's posts in its order, from the page's position in the direction of reading, or the newest. */
export function candidates(lead: Lead, descending: boolean, after: PageRequest['after']): SQL {
  const order = new ListOrder<SortedPost>('', [{ column: lead.key, descending, of: () => 0 }])
  const behind = after ? sql`and ${order.after(after)}` : sql``
  return sql`select ${lead.columns} from ${lead.from} where ${lead.where} ${behind} ${order.orderBy()}`
}
