/** The one way from the Worker to the objects of conversations. */
import { SessionEnded } from '../../db/errors'
import { TookTooLong, withinDeadline } from '../../deadline'
import type { Bindings, UserContext } from '../../http/env'
import { ApiError } from '../../http/errors'
import { Throttled } from '../../limits/throttled'
import type { Conversation } from '../object/conversation'
import { type Change, type CommitResult, newChangeId, type Outcome } from '../shared/changes'
import { objectName, type Pair, pairOf } from '../shared/pair'

/** How long the object may take: it has its own deadlines for D1, so what takes longer has lost the call. */
const DEADLINE_MS = 30_000

/** Calls the object, within a deadline: `TookTooLong`. A new stub each time, as one that has failed stays broken. */
export function callConversation<T>(
  env: Bindings,
  pair: Pair,
  call: (stub: DurableObjectStub<Conversation>) => PromiseLike<T>,
): Promise<T> {
  // Bindings are typed in `http/`, where the class is not known.
  const conversations = env.CONVERSATION as DurableObjectNamespace<Conversation>
  return withinDeadline(DEADLINE_MS, async () => await call(conversations.getByName(objectName(pair))))
}

/**
 * Makes a change in the conversation with the other person; undefined where they do not exist. 401 where the user or the session is gone meanwhile,
 * 429 beyond a limit, 503 where D1 or the object is out of reach.
 */
export const commitChange = (c: UserContext, otherId: number, change: Change): Promise<Outcome | undefined> =>
  commitIn(c, pairOf(c.var.user.id, otherId), change)

/** The same in the conversation of any two people. */
export async function commitIn(c: UserContext, pair: Pair, change: Change): Promise<Outcome | undefined> {
  const { session } = c.var.user
  const result = await commit(c.env, pair, { ...change, session })
  if (result.ok) {
    c.var.db.include(result.state)
    return result.outcome
  }
  if (result.why === 'no_recipient') return undefined
  if (result.why === 'throttled') throw new Throttled(result.waitMs, result.policy)
  throw result.why === 'token_not_valid' ? new SessionEnded() : new ApiError(result.why)
}

/**
 * Asks a second time where the object failed without an answer: it may have died between the commit and the answer, and so before it told
 * anybody. The second time it is asked to look first, so that nothing is made twice.
 */
async function commit(env: Bindings, pair: Pair, change: Change): Promise<CommitResult> {
  const id = newChangeId()
  try {
    return await callConversation(env, pair, async (stub) => stub.commit(change, id))
  } catch (error) {
    if (!mayAskAgain(error)) throw unreachable(error)
  }
  try {
    return await callConversation(env, pair, async (stub) => stub.commitOnce(change, id))
  } catch (error) {
    throw unreachable(error)
  }
}

/** What is overloaded only becomes more so: https://developers.cloudflare.com/durable-objects/best-practices/error-handling/ */
const mayAskAgain = (error: unknown) =>
  error instanceof Error && !(error instanceof TookTooLong) && !('overloaded' in error && error.overloaded)

function unreachable(error: unknown): ApiError {
  console.error(JSON.stringify({ error: 'A conversation could not be reached.', why: String(error) }))
  return new ApiError('unavailable')
}
