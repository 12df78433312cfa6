import { isoDate, shortDate } from '../http/dates'
import { mentionsView } from '../http/mentions'
import { imageDescriptionView } from '../images/description'
import type { ImageUrls } from '../images/url'
import type { PostRow } from './queries'
import type { PostAnswer } from './schemas'

/** A post as this viewer sees it. */
export const postView = (post: PostRow, viewerId: number | undefined, urls: ImageUrls): PostAnswer => ({
  id: post.id,
  owner: post.owner,
  is_owner: post.ownerId === viewerId,
  profile_id: post.ownerId,
  profile_image: urls.imageOr('profile', post.ownerImage),
  created_at: shortDate(post.createdAt),
  updated_at: shortDate(post.updatedAt),
  created: isoDate(post.createdAt),
  updated: isoDate(post.updatedAt),
  title: post.title,
  content: post.content,
  mentions: mentionsView({ title: post.titleMentions, content: post.contentMentions }),
  image: urls.imageOr('post', post.image),
  image_filter: post.imageFilter,
  image_alt: post.imageAlt,
  ...imageDescriptionView(post),
  is_sensitive: post.isSensitive === 1,
  like_id: post.likeId,
  likes_count: post.likesCount,
  comments_count: post.commentsCount,
  comments_closed: post.commentsClosed === 1,
})
