/** The one way from the Worker to the objects of conversations. */
import type { Bindings, UserContext } from '../http/env'
import { ApiError } from '../http/errors'
import type { Change, Outcome } from './changes'
import type { Result } from './committer'
import type { Conversation } from './conversation'
import { type Pair, pairOf } from './rows'

/** A new stub each time: one that has failed stays broken. */
export function conversationStub(env: Bindings, { a, b }: Pair): DurableObjectStub<Conversation> {
  // Bindings are typed below this folder, where the class is not known.
  const conversations = env.CONVERSATION as DurableObjectNamespace<Conversation>
  return conversations.getByName(`${a}-${b}`)
}

/**
 * Makes a change; undefined where the other person does not exist. 401 where the user is gone meanwhile, 503 where D1 or the
 * object is out of reach. What a second time does nothing, or the same, is tried again where the object says so: not a deletion, which
 * would be told that there is nothing to delete.
 */
export async function change(c: UserContext, otherId: number, change: Change): Promise<Outcome | undefined> {
  const result = await commit(c.env, pairOf(c.var.user.id, otherId), change)
  if (result.ok) {
    c.var.db.include(result.spent)
    return result.outcome
  }
  if (result.why === 'no_recipient') return undefined
  throw new ApiError(result.why)
}

async function commit(env: Bindings, pair: Pair, change: Change): Promise<Result> {
  const isSafeTwice =
    change.type === 'send' ? change.key !== undefined : change.type === 'edit' || change.type === 'read'
  try {
    return await conversationStub(env, pair).commit(change)
  } catch (error) {
    if (!isSafeTwice || !isRetryable(error)) throw unreachable(error)
  }
  return conversationStub(env, pair)
    .commit(change)
    .catch((error: unknown) => {
      throw unreachable(error)
    })
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
