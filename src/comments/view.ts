import { isoDate, timeAgo } from '../http/dates'
import { mentionsView } from '../http/mentions'
import type { ImageUrls } from '../images/url'
import type { CommentRow } from './queries'
import type { CommentAnswer } from './schemas'

/** A comment as this viewer sees it; `created_at` and `updated_at` are relative to now ("5 minutes ago"). */
export const commentView = (
  comment: CommentRow,
  { viewerId, urls, now }: { viewerId: number | undefined; urls: ImageUrls; now: number },
): CommentAnswer => ({
  id: comment.id,
  owner: comment.owner,
  is_owner: comment.ownerId === viewerId,
  profile_id: comment.ownerId,
  profile_image: urls.imageOr('profile', comment.ownerImage),
  post: comment.postId,
  created_at: timeAgo(comment.createdAt, now),
  updated_at: timeAgo(comment.updatedAt, now),
  created: isoDate(comment.createdAt),
  updated: isoDate(comment.updatedAt),
  content: comment.content,
  mentions: mentionsView({ content: comment.mentions }),
})
