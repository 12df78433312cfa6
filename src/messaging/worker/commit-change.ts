/** Makes the changes that HTTP requests ask for. */
import { SessionEnded } from '../../db/errors'
import type { UserContext } from '../../http/env'
import { ApiError } from '../../http/errors'
import { Throttled } from '../../limits/throttled'
import { commitIn } from '../../sockets/conversation-stub'
import type { Change, Outcome } from '../shared/changes'
import { type Pair, pairOf } from '../shared/pair'

/**
 * Makes a change in the conversation with the other user. Undefined if that user does not exist. 401 if the user or the session has ended in the
 * meantime, 429 beyond a limit, 503 if D1 or the object cannot be reached.
 */
export const commitChange = (c: UserContext, otherId: number, change: Change): Promise<Outcome | undefined> =>
  commitOf(c, pairOf(c.var.user.id, otherId), change)

/** The same, in the conversation of any two users. */
export async function commitOf(c: UserContext, pair: Pair, change: Change): Promise<Outcome | undefined> {
  const { session } = c.var.user
  const result = await commitIn(c.env, pair, { ...change, session })
  if (result.ok) {
    c.var.db.include(result.state)
    return result.outcome
  }
  if (result.why === 'no_recipient') return undefined
  if (result.why === 'throttled') throw new Throttled(result.waitMs, result.policy)
  throw result.why === 'token_not_valid' ? new SessionEnded() : new ApiError(result.why)
}
