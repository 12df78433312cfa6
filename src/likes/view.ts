import { isoDate, shortDate } from '../http/dates'
import type { LikeRow } from './queries'
import type { LikeAnswer } from './schemas'

/** A like. It never changes, so `updated_at` is `created_at`. */
export const likeView = (like: LikeRow): LikeAnswer => ({
  id: like.id,
  created_at: shortDate(like.createdAt),
  created: isoDate(like.createdAt),
  updated: isoDate(like.createdAt),
  owner: like.owner,
  post: like.postId,
})
