// Made by `npm run openapi` of public/openapi.json and public/asyncapi.json.

/** What the API takes and answers. */

import type { ImageFile } from './files'

export interface User {
  pk: number
  username: string
  email: string
  first_name: string
  last_name: string
  profile_id: number
  profile_image: string
  /** `moderator` or `admin`, for staff. */
  role?: string | undefined
  /** The requested new address, which is not yet verified. */
  pending_email?: string | undefined
}

export interface Session {
  access_token: string
  refresh_token: string
  device_token: string
  user: User
}

export interface UserSummary {
  id: number
  username: string
}

export interface Profile {
  id: number
  owner: string
  created_at: string
  updated_at: string
  created: string
  updated: string
  name: string
  content: string
  image: string
  image_width: number | null
  image_height: number | null
  image_thumbhash: string | null
  is_owner: boolean
  following_id: number | null
  posts_count: number
  followers_count: number
  following_count: number
  posts: string[]
  user_id: number
  /** Only followers see its posts, likes and follows. */
  is_private: boolean
  /** Who may start a conversation with the user: `following` means people whom the user follows. Only shown to the owner. */
  message_policy: 'everyone' | 'following' | 'nobody'
  /** The id of the viewer’s pending follow request. */
  follow_request_id: number | null
}

export interface Post {
  id: number
  owner: string
  is_owner: boolean
  profile_id: number
  profile_image: string
  created_at: string
  updated_at: string
  created: string
  updated: string
  title: string
  content: string
  mentions: {
    field: 'title' | 'content'
    user: number
    start: number
    end: number
  }[]
  image: string
  image_filter: string
  image_alt: string
  image_width: number | null
  image_height: number | null
  image_thumbhash: string | null
  /** Whether moderators have marked it as sensitive. */
  is_sensitive: boolean
  like_id: number | null
  likes_count: number
  comments_count: number
  comments_closed: boolean
}

export interface Comment {
  id: number
  owner: string
  is_owner: boolean
  profile_id: number
  profile_image: string
  post: number
  created_at: string
  updated_at: string
  created: string
  updated: string
  content: string
  mentions: {
    field: 'title' | 'content'
    user: number
    start: number
    end: number
  }[]
}

export interface Like {
  id: number
  created_at: string
  created: string
  updated: string
  owner: string
  post: number
}

export interface Follower {
  id: number
  owner: string
  created_at: string
  created: string
  updated: string
  followed: number
  followed_name: string
  /** The id of the pending follow request, if the account is private. There is no follow yet, and `id` is 0. */
  request_id: number | null
}

export interface Message {
  id: number
  sender: number
  recipient: number
  content: string
  image: string | null
  image_width: number | null
  image_height: number | null
  image_thumbhash: string | null
  date: string
  time: string
  timestamp: string
  edited_at: string | null
  seq: number
  read: boolean
  sender_profile_image: string
  recipient_profile_image: string
  is_sender: boolean
  last_message: string
  last_message_time: string
}

export interface ConversationSummary {
  id: number
  username: string
  recipient_profile_image: string
  last_message: string
  last_message_time: string
  last_message_at: string
  unread_count: number
  seq: number
}

export interface Unread {
  unread_count: number
}

export interface Actor {
  id: number
  username: string
  image: string
}

export interface Notification {
  id: number
  kind:
    | 'like'
    | 'comment'
    | 'reply'
    | 'post_mention'
    | 'comment_mention'
    | 'follow'
    | 'request'
    | 'accepted'
    | 'device'
    | 'moderation'
  post: number | null
  comment: number | null
  actors: Actor[]
  count: number
  created: string
  is_seen: boolean
}

export interface UnreadTotals {
  notifications: number
  messages: number
  requests: number
}

export interface Detail {
  detail: string
}

export interface Registration {
  username: string
  email?: string | undefined
  password1: string
  password2: string
  device_token?: string | undefined
  'cf-turnstile-response'?: string | undefined
}

export interface UserChanges {
  username?: string | undefined
  first_name?: string | undefined
  last_name?: string | undefined
  email?: string | undefined
  password?: string | undefined
}

export interface PasswordChange {
  old_password?: string | undefined
  new_password1: string
  new_password2: string
}

export interface PasswordResetConfirmation {
  uid: string
  token: string
  new_password1: string
  new_password2: string
}

export interface ProfileChanges {
  name?: string | undefined
  content?: string | undefined
  image?: ImageFile | undefined
  image_thumbhash?: string | null | undefined
  is_private?: boolean | undefined
  message_policy?: 'everyone' | 'following' | 'nobody' | undefined
}

export interface NewPost {
  title: string
  content?: string | undefined
  image?: ImageFile | undefined
  image_filter?:
    | '_1977'
    | 'brannan'
    | 'earlybird'
    | 'hudson'
    | 'inkwell'
    | 'lofi'
    | 'kelvin'
    | 'normal'
    | 'nashville'
    | 'rise'
    | 'toaster'
    | 'valencia'
    | 'walden'
    | 'xpro2'
    | undefined
  image_alt?: string | undefined
  image_thumbhash?: string | null | undefined
  comments_closed?: boolean | undefined
}

export interface PostChanges {
  title?: string | undefined
  content?: string | undefined
  image?: ImageFile | undefined
  image_filter?:
    | '_1977'
    | 'brannan'
    | 'earlybird'
    | 'hudson'
    | 'inkwell'
    | 'lofi'
    | 'kelvin'
    | 'normal'
    | 'nashville'
    | 'rise'
    | 'toaster'
    | 'valencia'
    | 'walden'
    | 'xpro2'
    | undefined
  image_alt?: string | undefined
  image_thumbhash?: string | null | undefined
  comments_closed?: boolean | undefined
}

export interface NewComment {
  post: number
  content: string
}

export interface CommentChanges {
  content?: string | undefined
}

export interface MessageInput {
  content?: string | undefined
  image?: ImageFile | undefined
  image_thumbhash?: string | null | undefined
}

export interface UserQuery {
  /** The number of results on a page. A page ends earlier if it exceeds 1 MB, or if it would have to skip many results that you may not see: it may even be empty. `next` continues after it. */
  page_size?: number | undefined
  /** Exactly this name, ignoring case. */
  username?: string | number | undefined
  /** `id` (the default), `username`, `owner` (the same as `id`), `created_at`; with `-` for descending. Anything else, including `title`, is ignored. */
  ordering?:
    | 'id'
    | '-id'
    | 'created_at'
    | '-created_at'
    | 'username'
    | '-username'
    | 'owner'
    | '-owner'
    | undefined
}

export interface ProfileQuery {
  /** The number of results on a page. A page ends earlier if it exceeds 1 MB, or if it would have to skip many results that you may not see: it may even be empty. `next` continues after it. */
  page_size?: number | undefined
  /** Comma-separated, each with `-` for descending: id, created_at, owner, title, posts_count, followers_count, following_count, owner__following__created_at, owner__followed__created_at. Ordering by several fields, by title or by the last two, and ordering a filtered list, sorts only the newest 300. */
  ordering?:
    | 'id'
    | '-id'
    | 'created_at'
    | '-created_at'
    | 'owner'
    | '-owner'
    | 'title'
    | '-title'
    | 'posts_count'
    | '-posts_count'
    | 'followers_count'
    | '-followers_count'
    | 'following_count'
    | '-following_count'
    | 'owner__following__created_at'
    | '-owner__following__created_at'
    | 'owner__followed__created_at'
    | '-owner__followed__created_at'
    | undefined
  /** Profiles that follow this one. */
  owner__following__followed__profile?: number | undefined
  /** Profiles that this one follows. With both filters, a page may have fewer results than `page_size`; `next` continues. */
  owner__followed__owner__profile?: number | undefined
}

export interface PostQuery {
  /** The number of results on a page. A page ends earlier if it exceeds 1 MB, or if it would have to skip many results that you may not see: it may even be empty. `next` continues after it. */
  page_size?: number | undefined
  /** Words that must all occur in the title or the owner’s name, ignoring case and diacritics; at most 1,000 characters. Per word, an exact match and the newest 120 owners whose names contain it are considered (fewer if there are several words). Searching only for words of one or two characters, or with two filters, checks about a hundred of the newest posts per page: a page may have fewer results than `page_size`, and `next` continues. */
  search?: string | number | undefined
  /** One of likes_count, comments_count, likes__created_at, created_at, id, title, owner; with `-` for descending. If there are several, the first counts. Except by time, ordering a filtered or searched list sorts only its newest posts, at least 120; so does ordering any list by title or owner. */
  ordering?:
    | 'id'
    | '-id'
    | 'created_at'
    | '-created_at'
    | 'title'
    | '-title'
    | 'owner'
    | '-owner'
    | 'likes_count'
    | '-likes_count'
    | 'comments_count'
    | '-comments_count'
    | 'likes__created_at'
    | '-likes__created_at'
    | undefined
  /** Posts of this profile. */
  owner__profile?: number | undefined
  /** The feed of this profile: posts by the accounts it follows. If these are more than 200, a page checks the newest 500 posts overall, and `next` continues. */
  owner__followed__owner__profile?: number | undefined
  /** Posts that this profile likes. */
  likes__owner__profile?: number | undefined
  /** Short for `owner__profile`. */
  owner?: number | undefined
  /** Short for `owner__followed__owner__profile`. */
  followed?: number | undefined
  /** Short for `likes__owner__profile`. */
  liked?: number | undefined
}

export interface CommentQuery {
  /** The number of results on a page. A page ends earlier if it exceeds 1 MB, or if it would have to skip many results that you may not see: it may even be empty. `next` continues after it. */
  page_size?: number | undefined
  /** Comments on this post. */
  post?: number | undefined
}

export interface LikeQuery {
  /** The number of results on a page. A page ends earlier if it exceeds 1 MB, or if it would have to skip many results that you may not see: it may even be empty. `next` continues after it. */
  page_size?: number | undefined
  /** Likes of this post. */
  post?: number | undefined
  /** Likes by this user. */
  owner?: number | undefined
}

export interface FollowerQuery {
  /** The number of results on a page. A page ends earlier if it exceeds 1 MB, or if it would have to skip many results that you may not see: it may even be empty. `next` continues after it. */
  page_size?: number | undefined
  /** Follows by this user. */
  owner?: number | undefined
  /** Follows that have this user as `followed`. */
  followed?: number | undefined
}

/** What comes over a socket of a conversation. */
export type ServerFrame =
  | {
      type: 'ready'
      seq: number
    }
  | {
      type: 'resync'
    }
  | {
      type: 'message'
      seq: number
      prev: number
      message: Message
    }
  | {
      type: 'edited'
      seq: number
      prev: number
      message: Message
    }
  | {
      type: 'deleted'
      seq: number
      prev: number
      id: number
    }
  | {
      type: 'cleared'
      seq: number
      prev: number
    }
  | {
      type: 'read'
      seq: number
      prev: number
      user: number
      up_to: number
    }
  | {
      type: 'typing'
      user: number
    }
  | {
      type: 'sent'
      key: string
      message: Message
    }
  | {
      type: 'error'
      key?: string | undefined
      code?: 'unavailable' | 'throttled' | undefined
      retry_after?: number | undefined
      errors: Record<string, string[]>
    }

/** What comes over the channel of a person. */
export type ChannelFrame =
  | {
      type: 'ready'
      seq: number
      unread: UnreadTotals
      conversations: [number, number, number][]
      posts: number
    }
  | {
      type: 'conversation'
      user: number
      event:
        | {
            type: 'message'
            seq: number
            prev: number
            message: Message
          }
        | {
            type: 'edited'
            seq: number
            prev: number
            message: Message
          }
        | {
            type: 'deleted'
            seq: number
            prev: number
            id: number
          }
        | {
            type: 'cleared'
            seq: number
            prev: number
          }
        | {
            type: 'read'
            seq: number
            prev: number
            user: number
            up_to: number
          }
      unread: number
    }
  | {
      type: 'replayed'
      user: number
      seq: number
      unread: number
    }
  | {
      type: 'resync'
      user: number
      seq: number
      unread: number
    }
  | {
      type: 'notification'
      seq: number
      prev: number
      notifications: Notification[] | null
    }
  | {
      type: 'unread'
      unread: UnreadTotals
    }
  | {
      type: 'feed'
      since: number
      count: number
      posts: number[]
    }
  | {
      type: 'typing'
      user: number
    }
  | {
      type: 'sent'
      key: string
      message: Message
      to: number
    }
  | {
      type: 'error'
      key?: string | undefined
      code?: 'unavailable' | 'throttled' | undefined
      retry_after?: number | undefined
      errors: Record<string, string[]>
      to?: number | undefined
    }
  | {
      type: 'signed-out'
    }
