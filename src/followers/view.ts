import { isoDate, shortDate } from '../http/dates'
import type { FollowerRow } from './queries'
import type { RequestRow } from './request-queries'
import type { FollowerAnswer, RequestAnswer } from './schemas'

/** A follow. It never changes, so `updated_at` is `created_at`. */
export const followerView = (follower: FollowerRow): FollowerAnswer => ({
  id: follower.id,
  owner: follower.owner,
  created_at: shortDate(follower.createdAt),
  created: isoDate(follower.createdAt),
  updated: isoDate(follower.createdAt),
  followed: follower.followedId,
  followed_name: follower.followedName,
  request_id: follower.requestId,
})

/** A request to follow. */
export const requestView = (request: RequestRow): RequestAnswer => ({
  id: request.id,
  owner: request.owner,
  profile_id: request.ownerId,
  created_at: shortDate(request.createdAt),
  created: isoDate(request.createdAt),
  updated: isoDate(request.createdAt),
  followed: request.followedId,
  followed_name: request.followedName,
})
