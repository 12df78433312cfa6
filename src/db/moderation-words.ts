/** The words of moderation that columns hold. */

/** Those who look after the service, from the least to the most that they may do. */
export const ROLES = ['moderator', 'admin'] as const
export type Role = (typeof ROLES)[number]

/** What can be reported, and acted on. */
export const CASE_KINDS = ['post', 'comment', 'message', 'profile', 'conversation'] as const
export type CaseKind = (typeof CASE_KINDS)[number]
export const CASE_STATES = ['open', 'claimed', 'closed'] as const
export type CaseState = (typeof CASE_STATES)[number]
