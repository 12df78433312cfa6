/** The selection and order of a list's posts. */
import { type SQL, sql } from 'drizzle-orm'
import { alias } from 'drizzle-orm/sqlite-core'
import { ListOrder } from '../db/list-order'
import { users } from '../db/schema'
import { isNotSilenced, notMuted, type ViewerId, visibleTo } from '../db/visibility'
import type { Shown } from '../db/visible-page'
import { type PostRow, p } from './queries'

const u = alias(users, 'u')

/** The fields that posts can be ordered by, with their columns. Ids are in order of creation. */
export const SORT_COLUMNS = {
  id: p.id,
  created_at: p.id,
  title: p.titleKey,
  owner: u.usernameKey,
  likes_count: p.likesCount,
  comments_count: p.commentsCount,
  likes__created_at: p.lastLikeId,
} as const
export type SortField = keyof typeof SORT_COLUMNS

const TEXTS: ReadonlySet<SortField> = new Set(['title', 'owner'])

export interface PostFilter {
  /** Ids of the users whose posts, feed or likes are listed. */
  owner?: number | SQL | undefined
  followedBy?: number | SQL | undefined
  likedBy?: number | SQL | undefined
  /** Folded words that must all occur. */
  words: string[]
}
/** The filter as requested, before `openId` checks access. */
export type NamedFilter = { [Name in keyof PostFilter]: Exclude<PostFilter[Name], SQL> }

/**
 * Whether this list shows `posts p` to the viewer: posts of muted users only if the viewer requests that user; posts of silenced users
 * only if the list requests that user, or is of likes or a feed.
 */
export function visibleInList(
  viewerId: ViewerId,
  { owner, followedBy, likedBy }: Omit<PostFilter, 'words'>,
): SQL {
  const visible = visibleTo(viewerId).post(p)
  if (owner !== undefined) return visible
  const unmuted = sql`${visible} and ${notMuted(p.ownerId, viewerId)}`
  const isAsked = followedBy !== undefined || likedBy !== undefined
  return isAsked ? unmuted : sql`${unmuted} and ${isNotSilenced(p.ownerId)}`
}

/** A post with its sort value. */
export type SortedPost = PostRow & { sortKey: number | string }

export interface PostOrder {
  field: SortField
  descending: boolean
  list: ListOrder<SortedPost>
}

/** The posts of a filter by one field, ties newest first. */
export function postOrder(filter: PostFilter, field: SortField, descending: boolean): PostOrder {
  const column = SORT_COLUMNS[field]
  const isText = TEXTS.has(field)
  const sorted = { column, descending, of: (post: SortedPost) => post.sortKey, isText }
  const newest = { column: p.id, descending: true, of: (post: SortedPost) => post.id }
  const name = `posts:${descending ? '-' : ''}${field === 'id' ? 'created_at' : field}`
  // A unique key needs no tie-break, and without one SQLite starts at the cursor's place in the index.
  const isUnique = isById(field) || isByOwnLikes(filter, field)
  return { field, descending, list: new ListOrder(name, isUnique ? [sorted] : [sorted, newest]) }
}

export const isById = (field: SortField) => field === 'id' || field === 'created_at'

/** Whether all posts are read in this order by an index of counts, ties newest first. */
export const isByCount = (field: SortField) => !isById(field) && !TEXTS.has(field)

/** With a filter by likes, the ordering by likes means these likes. */
export const isByOwnLikes = (filter: PostFilter, field: SortField) =>
  filter.likedBy !== undefined && field === 'likes__created_at'

export const OWNERS = sql`cross join users u on u.id = p.owner_id`

/** The columns with the sort key. */
export const withSortKey = ({ sql: columns, width }: Shown, key: SQL): Shown => ({
  sql: sql`${columns}, ${key} as "sortKey"`,
  width: width + 1,
})

/** How a list is read. */
export interface Source {
  /** The SELECT of the given columns, plus `sortKey` and `end` (`visible-page.ts`), in reading order. */
  rows: (columns: Shown) => SQL
  /** The list's total number of rows; null if unknown. */
  count: SQL<number | null>
  /** If `rows` does not return it: the sort key up to which rows were examined, if the limit was reached and there may be more. */
  end?: SQL<number | null>
}
