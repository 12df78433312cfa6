/** The words of moderation: what is reported for what, and what can be done about it. */
import { CASE_KINDS, type CaseKind } from '../db/moderation-words'

export {
  CASE_KINDS,
  CASE_STATES,
  type CaseKind,
  type CaseState,
  ROLES,
  type Role,
} from '../db/moderation-words'

/** The thing that a report or a case is about. */
export interface Subject {
  kind: CaseKind
  /** Of a conversation the other person's, as everywhere. */
  id: number
}

/** Why something is reported. */
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

/** Why something is done. */
export const REASONS = [...CATEGORIES, 'mistake', 'appeal_granted'] as const
export type Reason = (typeof REASONS)[number]

/** Everything that is done to a thing or to whose it is, with the kinds of things to which it is done, and what takes it back. */
export const ACTIONS = {
  hide: { to: ['post', 'comment', 'message'], undo: 'restore' },
  /** Hides it, and erases it once `ERASED_AFTER_DAYS` are over. */
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

// An object's keys, which types do not know to be all.
export const ACTION_NAMES = Object.keys(ACTIONS) as [Action, ...Action[]]

/** Whether this is done to things of this kind. */
export const isFor = (action: Action, kind: CaseKind): boolean =>
  (ACTIONS[action].to as readonly CaseKind[]).includes(kind)

/** What is done to a message in its conversation, by that one's object. */
export const isOfMessages = (action: Action): action is 'hide' | 'delete' | 'restore' =>
  action === 'hide' || action === 'delete' || action === 'restore'

/** Further entries of the log, of which nobody is told. */
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

/** Whatever ends sessions. */
export const SIGNS_OUT: ReadonlySet<Action> = new Set(['suspend', 'ban'])

/** What is deleted can be had back for so long. */
export const ERASED_AFTER_DAYS = 30
/** Whoever is to stay away for longer is banned. */
export const MAX_SUSPENSION_DAYS = 3_650
export const MAX_REPORT_CHARACTERS = 2_000
export const MAX_WORDS_CHARACTERS = 2_000
