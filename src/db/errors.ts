/** What D1 can answer other than rows, by name. Messages never hold a value that a client sent. */
import { throttledFrom } from '../limits/throttled'

/** A UNIQUE constraint refused the write; `target` is `table.column` of the (first) column. */
export class UniqueViolation extends Error {
  constructor(readonly target: string) {
    super(`unique violation on ${target}`)
  }
}

/** A row that the write refers to is not there (any more). */
export class ForeignKeyViolation extends Error {}

/** A store is out of reach for the moment: trying again may help. */
export class Unavailable extends Error {}

/** D1 cannot be reached, is overloaded or was reset; whether a write happened is not known. */
export class DatabaseUnavailable extends Unavailable {}

/** The signed-in user's row is gone. */
export class UserNotFound extends Error {}

/** The signed-in user's row says that they may not use the API. */
export class UserInactive extends Error {}

/**
 * drizzle wraps some errors and D1 prefixes all of them; what is left of the message decides.
 * https://developers.cloudflare.com/d1/observability/debug-d1/
 */
export function normalizeError(error: unknown): Error {
  const message = rootMessage(error)
  const unique = /UNIQUE constraint failed: ([\w.]+)/.exec(message)
  if (unique?.[1]) return new UniqueViolation(unique[1])
  if (message.includes('FOREIGN KEY constraint failed'))
    return new ForeignKeyViolation('foreign key violation')
  const throttled = throttledFrom(message)
  if (throttled) return throttled
  // What `assertActive` provokes (client.ts).
  if (message.includes('malformed JSON')) return new UserInactive()
  if (message.includes('integer overflow')) return new UserNotFound()
  // SQLite's own complaints are mistakes of ours; what else D1 says is about its state.
  const isState = /^D1_|D1 DB|[Nn]etwork|storage|overloaded|timed? ?out|reset/.test(message)
  const isMistake = /SQLITE_(?!BUSY|FULL|IOERR|INTERRUPT|NOMEM)/.test(message)
  if (isState && !isMistake) return new DatabaseUnavailable(withoutParameters(message))
  return new Error(withoutParameters(message), { cause: error })
}

function rootMessage(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? rootMessage(error.cause) : error.message
}

/** A DrizzleQueryError's message ends in the parameters, which are people's data. */
const withoutParameters = (message: string) => message.replace(/\nparams:[\s\S]*$/, '').slice(0, 500)
