/** The one way from the Worker to the objects of conversations. */
import type { Bindings, UserContext } from '../../http/env'
import { ApiError } from '../../http/errors'
import { Throttled } from '../../limits/throttled'
import type { Conversation } from '../object/conversation'
import type { Change, CommitResult, Outcome } from '../shared/changes'
import { objectName, type Pair, pairOf } from '../shared/pair'

/** A new stub each time: one that has failed stays broken. */
export function conversationStub(env: Bindings, pair: Pair): DurableObjectStub<Conversation> {
  // Bindings are typed in `http/`, where the class is not known.
  const conversations = env.CONVERSATION as DurableObjectNamespace<Conversation>
  return conversations.getByName(objectName(pair))
}

/**
 * Makes a change in the conversation with the other person; undefined where they do not exist. 401 where the user is gone meanwhile,
 * 429 beyond a limit, 503 where D1 or the object is out of reach.
 */
export async function commitChange(
  c: UserContext,
  otherId: number,
  change: Change,
): Promise<Outcome | undefined> {
  const result = await commit(c.env, pairOf(c.var.user.id, otherId), change)
  if (result.ok) {
    c.var.db.include(result.state)
    return result.outcome
  }
  if (result.why === 'no_recipient') return undefined
  if (result.why === 'throttled') throw new Throttled(result.waitMs, result.policy)
  throw new ApiError(result.why)
}

/** Tries a second time where the object says that it may help, and a change made twice is the same as one. */
async function commit(env: Bindings, pair: Pair, change: Change): Promise<CommitResult> {
  try {
    return await conversationStub(env, pair).commit(change)
  } catch (error) {
    if (!isIdempotent(change) || !isRetryable(error)) throw unreachable(error)
  }
  return conversationStub(env, pair)
    .commit(change)
    .catch((error: unknown) => {
      throw unreachable(error)
    })
}

/** Not a deletion, whose second try would be told that there is nothing to delete. */
function isIdempotent(change: Change): boolean {
  if (change.type === 'send') return change.key !== undefined
  return change.type === 'edit' || change.type === 'read'
}

/** https://developers.cloudflare.com/durable-objects/best-practices/error-handling/ */
const isRetryable = (error: unknown) =>
  error instanceof Error &&
  'retryable' in error &&
  error.retryable === true &&
  !('overloaded' in error && error.overloaded)

function unreachable(error: unknown): ApiError {
  console.error(JSON.stringify({ error: 'A conversation could not be reached.', why: String(error) }))
  return new ApiError('unavailable')
}
