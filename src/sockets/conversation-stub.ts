/** Calls the objects of conversations, from the Worker and from channels. */
import { TookTooLong, withinDeadline } from '../deadline'
import type { Bindings } from '../http/env'
import type { Conversation } from '../messaging/object/conversation'
import { type Change, type CommitResult, newChangeId } from '../messaging/shared/changes'
import { objectName, type Pair } from '../messaging/shared/pair'

/** The deadline for a call. The object has its own deadlines for D1, so a call that takes longer is lost. */
const DEADLINE_MS = 30_000

/** Calls the object. Throws `TookTooLong` after the deadline. Gets a new stub for each call, because a stub that has failed stays broken. */
export function callConversation<T>(
  env: Bindings,
  pair: Pair,
  call: (stub: DurableObjectStub<Conversation>) => PromiseLike<T>,
): Promise<T> {
  // `http/`, which types the bindings, does not know the class.
  const conversations = env.CONVERSATION as DurableObjectNamespace<Conversation>
  return withinDeadline(DEADLINE_MS, async () => await call(conversations.getByName(objectName(pair))))
}

/**
 * Makes a change. Answers `unavailable` if the object cannot be reached. Calls again if the object failed without an answer: it may have died
 * between the commit and the answer, before it told anybody. The second call checks first whether the change was made, so it is never made twice.
 */
export async function commitIn(env: Bindings, pair: Pair, change: Change): Promise<CommitResult> {
  const id = newChangeId()
  try {
    return await callConversation(env, pair, async (stub) => stub.commit(change, id))
  } catch (error) {
    if (!mayAskAgain(error)) return unreachable(error)
  }
  try {
    return await callConversation(env, pair, async (stub) => stub.commitOnce(change, id))
  } catch (error) {
    return unreachable(error)
  }
}

/** Retries make an overload worse: https://developers.cloudflare.com/durable-objects/best-practices/error-handling/ */
const mayAskAgain = (error: unknown) =>
  error instanceof Error && !(error instanceof TookTooLong) && !('overloaded' in error && error.overloaded)

function unreachable(error: unknown): CommitResult {
  console.error(JSON.stringify({ error: 'A conversation could not be reached.', why: String(error) }))
  return { ok: false, why: 'unavailable' }
}
