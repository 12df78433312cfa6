/** Turns errors into the failures that callers get. */
import {
  ForeignKeyViolation,
  NotStaff,
  Revoked,
  SessionEnded,
  Unavailable,
  UserInactive,
  UserNotFound,
} from '../../db/errors'
import { Throttled } from '../../limits/throttled'
import type { Failure, Refusal } from '../shared/changes'

export function failureOf(error: unknown): Failure {
  if (error instanceof Throttled)
    return { ok: false, why: 'throttled', waitMs: error.waitMs, policy: error.policy }
  return { ok: false, why: refusalOf(error) }
}

function refusalOf(error: unknown): Refusal {
  if (error instanceof Unavailable || error instanceof Revoked) return 'unavailable'
  if (error instanceof UserNotFound) return 'user_not_found'
  if (error instanceof UserInactive) return 'user_inactive'
  if (error instanceof SessionEnded) return 'token_not_valid'
  if (error instanceof NotStaff) return 'permission_denied'
  // The sender was checked before, so it is the recipient who does not exist.
  if (error instanceof ForeignKeyViolation) return 'no_recipient'
  return 'internal'
}
