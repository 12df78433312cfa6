/** The words of moderation: what is reported for what, and what can be done about it. */
import type { CaseKind } from '../db/moderation-words'

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
  hide: { to: ['post', 'comment'], undo: 'restore' },
  restore: { to: ['post', 'comment'], undo: 'hide' },
  warn: { to: ['post', 'comment', 'message', 'profile', 'conversation'], undo: 'withdraw_warning' },
  withdraw_warning: { to: ['post', 'comment', 'message', 'profile', 'conversation'], undo: 'warn' },
} as const satisfies Record<string, { to: readonly CaseKind[]; undo: string }>
export type Action = keyof typeof ACTIONS

// An object's keys, which types do not know to be all.
export const ACTION_NAMES = Object.keys(ACTIONS) as [Action, ...Action[]]

/** Whether this is done to things of this kind. */
export const isFor = (action: Action, kind: CaseKind): boolean =>
  (ACTIONS[action].to as readonly CaseKind[]).includes(kind)

/** Further entries of the log, of which nobody is told. */
export type Entry = Action | 'claim' | 'release' | 'close' | 'read' | 'grant_role'

export const MAX_REPORT_CHARACTERS = 2_000
export const MAX_WORDS_CHARACTERS = 2_000
