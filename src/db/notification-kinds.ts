/**
 * What somebody is told of: a like of their post, a comment on it, a comment on a post that they have commented on themselves (`reply`), somebody
 * who follows them.
 */
export const KINDS = ['like', 'comment', 'reply', 'follow'] as const
export type Kind = (typeof KINDS)[number]

/** What somebody wants of a kind: nothing from now on, or that it is listed. */
export const LEVELS = ['off', 'list'] as const
export type Level = (typeof LEVELS)[number]

export const STANDARD_LEVEL: Level = 'list'

/** Notifications are kept for so long. */
export const NOTIFICATION_DAYS = 90

/** A like is told so much later: one that is taken back at once tells nobody. */
export const LIKE_DELAY_MS = 60_000
