/**
 * What somebody is told of: a like of their post, a comment on it, a comment on a post that they have commented on themselves (`reply`), their name
 * in a post or a comment, somebody who follows them or asks to (`request`), or who accepts their request (`accepted`), a login on a device where they are not signed in (`device`), what moderators did to
 * them (`moderation`). One comment is told to somebody once: the owner of the post has a `comment`, others whom it
 * names have a `comment_mention` and no `reply`.
 */
export const KINDS = [
  'like',
  'comment',
  'reply',
  'post_mention',
  'comment_mention',
  'follow',
  'request',
  'accepted',
  'device',
  'moderation',
] as const
export type Kind = (typeof KINDS)[number]

/** What somebody wants of a kind: nothing from now on, that it is listed, or that open channels are told as well (`src/live/`). */
export const LEVELS = ['off', 'list', 'live'] as const
export type Level = (typeof LEVELS)[number]

export const STANDARD_LEVEL: Level = 'live'

/** How long notifications are kept. */
export const NOTIFICATION_DAYS = 90

/** The delay of likes: one that is withdrawn at once notifies nobody. */
export const LIKE_DELAY_MS = 60_000
