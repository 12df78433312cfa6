/** Changes of conversations that a request asks for. */
import { SessionEnded } from '../../db/errors'
import type { UserContext } from '../../http/env'
import { ApiError } from '../../http/errors'
import { Throttled } from '../../limits/throttled'
import { commitIn } from '../../sockets/conversation-stub'
import type { Change, Outcome } from '../shared/changes'
import { type Pair, pairOf } from '../shared/pair'

/**
 * Makes a change in the conversation with the other person; undefined where they do not exist. 401 where the user or the session is gone meanwhile,
 * 429 beyond a limit, 503 where D1 or the object is out of reach.
 */
export const commitChange = (c: UserContext, otherId: number, change: Change): Promise<Outcome | undefined> =>
  commitOf(c, pairOf(c.var.user.id, otherId), change)

/** The same in the conversation of any two people. */
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
