/** Executes frames from clients, in the same way for a conversation's own socket and for the sender's channel. */
import type { Bindings } from '../../http/env'
import { detailOf, type ErrorCode, type FieldErrors, throttledDetail } from '../../http/errors'
import { fieldErrors } from '../../http/fields'
import { hashFields } from '../../http/idempotency'
import { privateImageUrlsAt } from '../../images/private-url'
import { secondsToWait } from '../../limits/throttled'
import type { Listener } from '../../sockets/listener'
import type { Change, CommitResult, Failure } from './changes'
import type { ClientFrame, ServerFrame } from './frames'
import { messageBody } from './message-schemas'
import { messageView } from './message-view'
import { EMPTY_MESSAGE, NO_RECIPIENT } from './refusals'
import { sendRoute } from './send-path'

type Answer = Extract<ServerFrame, { type: 'sent' | 'error' }>

interface Surroundings {
  env: Bindings
  /** The other user. */
  otherId: number
  /** Makes a change in the conversation with that user. */
  commit: (change: Change) => Promise<CommitResult>
}

interface Result {
  /** Undefined if the frame needs no answer. */
  answer?: Answer
  /** Whether the sender's socket must be closed. */
  isSessionEnded: boolean
}

/** Sends a message. Never throws. */
export async function sendFromFrame(
  holder: Listener,
  { key, content }: Extract<ClientFrame, { type: 'send' }>,
  { env, otherId, commit }: Surroundings,
): Promise<Result> {
  const fail = (errors: FieldErrors, why?: Failure) => refused({ key, errors, why })
  try {
    const { userId, session } = holder
    const parsed = messageBody.safeParse({ content })
    if (!parsed.success) return fail(fieldErrors(parsed.error))
    if (!parsed.data.content) return fail(EMPTY_MESSAGE)
    const result = await commit({
      type: 'send',
      userId,
      session,
      content: parsed.data.content,
      key: { userId, route: sendRoute(otherId), key, requestHash: await hashFields({ content }) },
    })
    if (!result.ok) return fail(errorsOf(result), result)
    const { isKeyReused, message } = result.outcome
    if (isKeyReused) return fail(detailErrors('idempotency_key_reused'))
    if (!message) return fail(detailErrors('internal'))
    const viewer = { viewerId: userId, urls: privateImageUrlsAt(env, holder), now: message.createdAt }
    return { answer: { type: 'sent', key, message: messageView(message, viewer) }, isSessionEnded: false }
  } catch (error) {
    console.error(JSON.stringify({ error: 'A frame could not be handled.', why: nameOf(error) }))
    return fail(detailErrors('internal'))
  }
}

/** Marks messages as read. */
export async function readFromFrame(
  { userId, session }: Listener,
  { up_to }: Extract<ClientFrame, { type: 'read' }>,
  commit: Surroundings['commit'],
): Promise<Result> {
  const result = await commit({ type: 'read', userId, session, upTo: up_to })
  return result.ok ? { isSessionEnded: false } : refused({ errors: errorsOf(result), why: result })
}

interface Refused {
  key?: string
  errors: FieldErrors
  why?: Failure | undefined
}

const refused = ({ key, errors, why }: Refused): Result => ({
  answer: { type: 'error', ...(key !== undefined && { key }), ...retryOf(why), errors },
  isSessionEnded: why?.why === 'token_not_valid',
})

/** A client may send a frame again only if it was throttled, or if something could not be reached. */
function retryOf(failure: Failure | undefined) {
  if (failure?.why === 'unavailable') return { code: failure.why }
  if (failure?.why === 'throttled') return { code: failure.why, retry_after: secondsToWait(failure) }
  return {}
}

function errorsOf(failure: Failure): FieldErrors {
  if (failure.why === 'no_recipient') return NO_RECIPIENT
  if (failure.why === 'throttled') return { detail: [throttledDetail(secondsToWait(failure))] }
  return detailErrors(failure.why)
}
const detailErrors = (code: ErrorCode): FieldErrors => ({ detail: [detailOf(code)] })

/** Only the name of an error, because its message may contain what the user sent. */
const nameOf = (error: unknown) => (error instanceof Error ? error.name : typeof error)
