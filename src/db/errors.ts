/** D1's failures, as named errors. Their messages never contain values that a client sent. */
import { throttledFrom } from '../limits/throttled'

/** SQLite refused a statement, so the whole batch was rolled back: nothing was written, and nothing will be. */
export class Rejected extends Error {}

/** A UNIQUE constraint refused the write; `target` is `table.column` of the (first) column. */
export class UniqueViolation extends Rejected {
  constructor(readonly target: string) {
    super(`unique violation on ${target}`)
  }
}

/** A row that the write references does not exist (any more). */
export class ForeignKeyViolation extends Rejected {}

/** The user has reached the maximum number of something. */
export class TooMany extends Rejected {}

/** The thing is visible, but nothing can be added to it any more. */
export class Closed extends Rejected {}

/** The signed-in user no longer exists. */
export class UserNotFound extends Rejected {}

/** The signed-in user is inactive. */
export class UserInactive extends Rejected {}

/** The signed-in user lacks the required role. */
export class NotStaff extends Rejected {}

/** The batch was abandoned while in progress, and its sender was told that it was not written (`messaging/`). */
export class Revoked extends Rejected {}

/** A store is temporarily unavailable: retrying may help. */
export class Unavailable extends Error {}

/** D1 is unreachable, overloaded, was reset or timed out: whether anything was written is unknown. */
export class DatabaseUnavailable extends Unavailable {}

/**
 * SQLite's codes for a statement that cannot run: a constraint, or a mistake of ours. Others (BUSY, FULL, IOERR, NOMEM, INTERRUPT) tell of the
 * state of the database, and may come at any time, even while it commits.
 */
const REFUSAL = /: SQLITE_(ERROR|CONSTRAINT|TOOBIG|MISMATCH|RANGE|AUTH)\b/

/** Errors of D1 itself, raised before SQLite sees the statement. */
const REFUSED_UNSEEN =
  /^(D1_ERROR: )?(Wrong number of parameter bindings|No SQL statements detected)|^D1_TYPE_ERROR/m

/** What `revokedIn` provokes: SQLite quotes the path that it cannot read, and in an SQL text only ours is called that. */
export const REVOKED_PATH = 'revoked'

/** What `openConversationStatement` provokes in the same way (`messaging/`). */
export const NO_RECIPIENT_PATH = 'no recipient'

/** What adding to a full list provokes in the same way (`boundaries/`). */
export const TOO_MANY_PATH = 'too many'

/** What commenting on a post whose comments are closed provokes in the same way. */
export const CLOSED_PATH = 'closed'

/** The session of the signed-in user's token was ended or has expired. */
export class SessionEnded extends Error {}

/** Whether the cause is that the user is not, or no longer, signed in. */
export const isSignedOut = (error: unknown): boolean =>
  error instanceof UserNotFound || error instanceof UserInactive || error instanceof SessionEnded

/**
 * Translates an error of D1. Only what SQLite is known to have rolled back is `Rejected`. Everything else, including errors nobody has seen yet,
 * is `DatabaseUnavailable`: treating it as "nothing was written" could write twice.
 *
 * D1 throws `Error('D1_ERROR: x: SQLITE_CODE', { cause: Error('x: SQLITE_CODE') })`, hence the whole chain of causes is read.
 * https://developers.cloudflare.com/d1/observability/debug-d1/
 */
export function normalizeError(error: unknown): Error {
  const messages = messagesOf(error)
  if (!REFUSAL.test(messages) && !REFUSED_UNSEEN.test(messages))
    return new DatabaseUnavailable(withoutParameters(messages))
  const unique = /UNIQUE constraint failed: ([\w.]+)/.exec(messages)
  if (unique?.[1]) return new UniqueViolation(unique[1])
  if (messages.includes('FOREIGN KEY constraint failed'))
    return new ForeignKeyViolation('foreign key violation')
  const throttled = throttledFrom(messages)
  if (throttled) return throttled
  if (messages.includes(`'${NO_RECIPIENT_PATH}'`)) return new ForeignKeyViolation('no recipient')
  if (messages.includes(`'${TOO_MANY_PATH}'`)) return new TooMany('too many')
  if (messages.includes(`'${CLOSED_PATH}'`)) return new Closed('closed')
  // What `activeUserStatement` provokes (client.ts).
  if (messages.includes('malformed JSON')) return new UserInactive()
  if (messages.includes('integer overflow')) return new UserNotFound()
  if (messages.includes("'session ended'")) return new SessionEnded()
  if (messages.includes("'not staff'")) return new NotStaff()
  if (messages.includes(`'${REVOKED_PATH}'`)) return new Revoked()
  return new Rejected(withoutParameters(messages), { cause: error })
}

/** The messages of an error and of its causes, one a line. */
function messagesOf(error: unknown): string {
  const messages: string[] = []
  for (let one = error; one !== undefined && messages.length < 5; one = causeOf(one))
    messages.push(one instanceof Error ? one.message : String(one))
  return messages.join('\n')
}

const causeOf = (error: unknown): unknown => (error instanceof Error ? error.cause : undefined)

/** A DrizzleQueryError's message ends with the parameters, which are personal data. */
const withoutParameters = (message: string) => message.replace(/\nparams:[\s\S]*$/, '').slice(0, 500)
