/** The words of moderation that columns hold. */

/** Those who look after the service, from the least to the most that they may do. */
export const ROLES = ['moderator', 'admin'] as const
export type Role = (typeof ROLES)[number]

/** What can be reported, and acted on. */
export const CASE_KINDS = ['post', 'comment', 'message', 'profile', 'conversation'] as const
export type CaseKind = (typeof CASE_KINDS)[number]
/** What is done to a message in its case: in its conversation, whose order its object keeps. */
export interface MessageDeed {
  action: 'hide' | 'delete' | 'restore'
  caseId: number
  messageId: number
  reason: string
  /** To its sender. */
  text: string
  /** When it is erased, where it is deleted. */
  eraseAt: number | undefined
  now: number
}
export const CASE_STATES = ['open', 'claimed', 'closed'] as const
export type CaseState = (typeof CASE_STATES)[number]
