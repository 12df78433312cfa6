/** The vocabulary of moderation, as the API defines it. */

export const KINDS = ['post', 'comment', 'message', 'profile', 'conversation']
export const STATES = ['open', 'claimed', 'closed']

export const REASONS = [
  'spam',
  'harassment',
  'hate',
  'violence',
  'sexual',
  'self_harm',
  'illegal',
  'impersonation',
  'other',
  'mistake',
  'appeal_granted',
]

/**
 * The available actions, each with its label, in the order in which they are offered.
 *
 * @param state The state of the subject and its author; undefined counts as false.
 */
export function actionsFor(kind, { isHidden, isSensitive, isSilenced, suspendedUntil, isWarned }) {
  const isThing = ['post', 'comment', 'message'].includes(kind)
  const isBanned = suspendedUntil?.startsWith('9999')
  return [
    isThing && !isHidden && ['hide', 'Hide it'],
    isThing && isHidden && ['restore', 'Restore it'],
    isThing && ['delete', 'Delete it (erased after 30 days)'],
    kind === 'post' && !isSensitive && ['mark_sensitive', 'Mark it as sensitive'],
    kind === 'post' && isSensitive && ['unmark_sensitive', 'Take the mark “sensitive” away'],
    ['warn', 'Warn its author'],
    isWarned && ['withdraw_warning', 'Withdraw the warning'],
    !isSilenced && ['silence', 'Silence the author (out of public lists)'],
    isSilenced && ['unsilence', 'End the silence'],
    !isBanned && ['suspend', 'Suspend the author until …'],
    suspendedUntil && !isBanned && ['unsuspend', 'End the suspension'],
    !isBanned && ['ban', 'Ban the author'],
    isBanned && ['unban', 'End the ban'],
  ].filter(Boolean)
}
