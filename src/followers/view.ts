import { isoDate, shortDate } from '../http/dates'
import type { FollowerRow } from './queries'
import type { FollowerAnswer } from './schemas'

/** A follow. It never changes: it was updated when it was created. */
export const followerView = (follower: FollowerRow): FollowerAnswer => ({
  id: follower.id,
  owner: follower.owner,
  created_at: shortDate(follower.createdAt),
  created: isoDate(follower.createdAt),
  updated: isoDate(follower.createdAt),
  followed: follower.followedId,
  followed_name: follower.followedName,
})
