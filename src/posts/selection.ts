/** Which posts a list has, and in which order. */
import { type SQL, sql } from 'drizzle-orm'

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

/** How a list is read. */
export interface Source {
  /** The statement, given the columns to show. */
  rows: (columns: SQL) => SQL
  /** How many rows the list has in all. */
  counted: SQL
}

export const direction = (order: PostOrder) => (order.descending ? sql`desc` : sql`asc`)
export const sortColumn = (order: PostOrder) => sql.raw(SORT_KEYS[order.key])
