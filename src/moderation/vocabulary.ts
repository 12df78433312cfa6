/** The vocabulary of moderation: subjects, categories, reasons and actions. */
import { CASE_KINDS, type CaseKind } from '../db/moderation-words'

export {
  CASE_KINDS,
  CASE_STATES,
  type CaseKind,
  type CaseState,
  ROLES,
  type Role,
} from '../db/moderation-words'

/** The subject of a report or case. */
export interface Subject {
  kind: CaseKind
  /** For a conversation, the other user's id, as everywhere. */
  id: number
}

/** The categories of reports. */
export const CATEGORIES = [
  'spam',
  'harassment',
  'hate',
  'violence',
  'sexual',
  'self_harm',
  'illegal',
  'impersonation',
  'other',
] as const

/** The reasons for actions. */
export const REASONS = [...CATEGORIES, 'mistake', 'appeal_granted'] as const
export type Reason = (typeof REASONS)[number]

/** All actions on a subject or its author, with the kinds of subject that they apply to and the action that undoes them. */
export const ACTIONS = {
  hide: { to: ['post', 'comment', 'message'], undo: 'restore' },
  /** Hides the subject, and erases it after `ERASED_AFTER_DAYS`. */
  delete: { to: ['post', 'comment', 'message'], undo: 'restore' },
  restore: { to: ['post', 'comment', 'message'], undo: 'hide' },
  mark_sensitive: { to: ['post'], undo: 'unmark_sensitive' },
  unmark_sensitive: { to: ['post'], undo: 'mark_sensitive' },
  warn: { to: CASE_KINDS, undo: 'withdraw_warning' },
  withdraw_warning: { to: CASE_KINDS, undo: 'warn' },
  silence: { to: CASE_KINDS, undo: 'unsilence' },
  unsilence: { to: CASE_KINDS, undo: 'silence' },
  suspend: { to: CASE_KINDS, undo: 'unsuspend' },
  unsuspend: { to: CASE_KINDS, undo: 'suspend' },
  ban: { to: CASE_KINDS, undo: 'unban' },
  unban: { to: CASE_KINDS, undo: 'ban' },
} as const satisfies Record<string, { to: readonly CaseKind[]; undo: string }>
export type Action = keyof typeof ACTIONS

// `Object.keys` loses the keys' type.
export const ACTION_NAMES = Object.keys(ACTIONS) as [Action, ...Action[]]

/** Whether the action applies to subjects of this kind. */
export const isFor = (action: Action, kind: CaseKind): boolean =>
  (ACTIONS[action].to as readonly CaseKind[]).includes(kind)

/** Whether, for a message, the conversation's object executes the action. */
export const isOfMessages = (action: Action): action is 'hide' | 'delete' | 'restore' =>
  action === 'hide' || action === 'delete' || action === 'restore'

/** The kinds of log entries: actions, and further events, which cause no notification. */
export type Entry =
  | Action
  | 'open'
  | 'claim'
  | 'release'
  | 'close'
  | 'read'
  | 'grant_role'
  | 'sign_out'
  | 'settings'

/** Actions that end the user's sessions. */
export const SIGNS_OUT: ReadonlySet<Action> = new Set(['suspend', 'ban'])

/** How long a deleted subject can be restored. */
export const ERASED_AFTER_DAYS = 30
/** The longest suspension. For a longer one there are bans. */
export const MAX_SUSPENSION_DAYS = 3_650
export const MAX_REPORT_CHARACTERS = 2_000
export const MAX_WORDS_CHARACTERS = 2_000
