import { isoDate, shortDate } from '../http/dates'
import { imageDescriptionView } from '../images/description'
import type { ImageUrls } from '../images/url'
import type { ProfileRow } from './queries'
import type { ProfileAnswer } from './schemas'

/** A profile as this viewer sees it. */
export function profileView(
  profile: ProfileRow,
  viewerId: number | undefined,
  urls: ImageUrls,
): ProfileAnswer {
  const images: (string | null)[] = profile.access === 'closed' ? [] : JSON.parse(profile.newestImages)
  return {
    id: profile.id,
    owner: profile.owner,
    created_at: shortDate(profile.createdAt),
    updated_at: shortDate(profile.updatedAt),
    created: isoDate(profile.createdAt),
    updated: isoDate(profile.updatedAt),
    name: profile.name,
    content: profile.content,
    image: urls.imageOr('profile', profile.image),
    ...imageDescriptionView(profile),
    is_owner: profile.id === viewerId,
    following_id: profile.followingId,
    posts_count: profile.postsCount,
    followers_count: profile.followersCount,
    following_count: profile.followingCount,
    posts: images.map((image) => urls.imageOr('post', image)),
    user_id: profile.id,
    is_private: profile.access !== 'public',
    message_policy: profile.messagePolicy,
    follow_request_id: profile.followRequestId,
  }
}
