/** Which posts a list has, and in which order. */
import { type SQL, sql } from 'drizzle-orm'
import { ListOrder } from '../db/list-order'
import { type PostRow, p } from './queries'

/** What posts can be ordered by, and the column that holds it. */
export const SORT_COLUMNS = {
  created_at: p.id,
  likes_count: p.likesCount,
  comments_count: p.commentsCount,
  likes__created_at: p.lastLikeId,
} as const
export type SortField = keyof typeof SORT_COLUMNS

export interface PostFilter {
  /** Ids of users: whose posts, whose feed, whose likes. */
  owner?: number | undefined
  followedBy?: number | undefined
  likedBy?: number | undefined
  /** Folded words that must all occur. */
  words: string[]
}

/** A post with the value that it is sorted by. */
export type SortedPost = PostRow & { sortKey: number }

export interface PostOrder {
  field: SortField
  descending: boolean
  list: ListOrder<SortedPost>
}

/** The posts of a filter by one field, ties newest first. */
export function postOrder(filter: PostFilter, field: SortField, descending: boolean): PostOrder {
  const sorted = { column: SORT_COLUMNS[field], descending, of: (post: SortedPost) => post.sortKey }
  const newest = { column: p.id, descending: true, of: (post: SortedPost) => post.id }
  const name = `posts:${descending ? '-' : ''}${field}`
  // A key that no two rows share needs no tie-break, and without one SQLite begins at the cursor's place in the index.
  const isUnique = field === 'created_at' || isByOwnLikes(filter, field)
  return { field, descending, list: new ListOrder(name, isUnique ? [sorted] : [sorted, newest]) }
}

/** With a filter by likes, the ordering by likes means these likes. */
export const isByOwnLikes = (filter: PostFilter, field: SortField) =>
  filter.likedBy !== undefined && field === 'likes__created_at'

/** How a list is read. */
export interface Source {
  /** The SELECT, given the list of columns to show; `sortKey` among what it gives. */
  rows: (columns: SQL) => SQL
  /** How many rows the list has in all. */
  count: SQL<number>
}

export const direction = ({ descending }: PostOrder) => (descending ? sql`desc` : sql`asc`)
