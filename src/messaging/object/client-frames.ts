/** What clients send over their sockets. */

import { config } from '../../http/config'
import type { Bindings } from '../../http/env'
import {
  ApiError,
  detailOf,
  type ErrorCode,
  type FieldErrors,
  throttledDetail,
  ValidationError,
} from '../../http/errors'
import { fieldErrors } from '../../http/fields'
import { hashFields } from '../../http/idempotency'
import { parseJson } from '../../http/json'
import { privateImageUrlsAt } from '../../images/private-url'
import { secondsToWait } from '../../limits/throttled'
import type { Change, CommitResult, Failure } from '../shared/changes'
import { CLOSE, type ClientFrame, clientFrame, MAX_FRAME_BYTES } from '../shared/frames'
import { messageBody } from '../shared/message-schemas'
import { messageView } from '../shared/message-view'
import { otherSide, type Pair, sideOf } from '../shared/pair'
import { EMPTY_MESSAGE, NO_RECIPIENT } from '../shared/refusals'
import { sendRoute } from '../shared/send-path'
import { frameRates } from './frame-rate'
import {
  type Attachment,
  attachmentOf,
  closeIfExpired,
  closeSignedOut,
  closeSocket,
  sendFrame,
} from './sockets'

interface Surroundings {
  pair: Pair
  env: Bindings
  commit: (change: Change) => Promise<CommitResult>
  /** The open sockets of a user. */
  sockets: (userId: number) => WebSocket[]
}

export type FrameHandler = (socket: WebSocket, data: string | ArrayBuffer) => Promise<void>

const CLIENT_FRAME_TYPES = new Intl.ListFormat('en-GB', { type: 'disjunction' }).format(
  clientFrame.def.options.flatMap(({ shape }) => shape.type.def.values),
)

/** Why a socket is closed. */
const ENDING = {
  noFrame: `A frame is a JSON object of type ${CLIENT_FRAME_TYPES}.`,
  tooLarge: `A frame has at most ${MAX_FRAME_BYTES / 1024} KB.`,
} as const

/** Handles frames. What is no frame, too large or too fast ends the socket; what cannot be done is answered. */
export function frameHandler({ pair, env, commit, sockets }: Surroundings): FrameHandler {
  const { limits } = config(env)
  const rates = frameRates(limits)
  const tooFast = `At most ${limits.frames?.burst} frames a second.`
  const otherId = (userId: number) => pair[otherSide(sideOf(pair, userId))]

  async function send(
    socket: WebSocket,
    { key, content }: Extract<ClientFrame, { type: 'send' }>,
    holder: Attachment,
  ): Promise<void> {
    const { userId, session } = holder
    const fail = (errors: FieldErrors, why?: Failure) => refuse(socket, { key, errors, why })
    const parsed = messageBody.safeParse({ content })
    if (!parsed.success) return fail(fieldErrors(parsed.error))
    if (!parsed.data.content) return fail(EMPTY_MESSAGE)
    const result = await commit({
      type: 'send',
      userId,
      session,
      content: parsed.data.content,
      key: {
        userId,
        route: sendRoute(otherId(userId)),
        key,
        requestHash: await hashFields({ content }),
      },
    })
    if (!result.ok) return fail(errorsOf(result), result)
    const { isKeyReused, message } = result.outcome
    if (isKeyReused) return fail(detailErrors('idempotency_key_reused'))
    if (!message) return fail(detailErrors('internal'))
    const viewer = { viewerId: userId, urls: privateImageUrlsAt(env, holder), now: message.createdAt }
    sendFrame(socket, { type: 'sent', key, message: messageView(message, viewer) })
  }

  return async (socket, data) => {
    // What was on its way when the socket was closed.
    if (socket.readyState !== WebSocket.OPEN) return
    const now = Date.now()
    if (closeIfExpired(socket, now)) return
    if (rates.isTooFast(attachmentOf(socket).userId, now)) return end(socket, tooFast)
    if (typeof data !== 'string') return end(socket, ENDING.noFrame)
    if (isTooLarge(data)) return end(socket, ENDING.tooLarge, CLOSE.tooLarge)
    const frame = clientFrame.safeParse(fieldsOf(data)).data
    if (!frame) return end(socket, ENDING.noFrame)

    const attachment = attachmentOf(socket)
    const { userId, session } = attachment
    if (frame.type === 'send') {
      await send(socket, frame, attachment).catch((error: unknown) => {
        console.error(JSON.stringify({ error: 'A frame could not be handled.', why: nameOf(error) }))
        sendFrame(socket, { type: 'error', key: frame.key, errors: detailErrors('internal') })
      })
    } else if (frame.type === 'read') {
      const result = await commit({ type: 'read', userId, session, upTo: frame.up_to })
      if (!result.ok) refuse(socket, { errors: errorsOf(result), why: result })
    } else if (rates.mayTellTyping(socket, now)) {
      for (const other of sockets(otherId(userId))) sendFrame(other, { type: 'typing', user: userId })
    }
  }
}

/** Says why something was not done. Whose session has ended is not told more than that, and may not go on. */
function refuse(
  socket: WebSocket,
  { key, errors, why }: { key?: string; errors: FieldErrors; why?: Failure | undefined },
): void {
  sendFrame(socket, { type: 'error', ...(key !== undefined && { key }), ...retryOf(why), errors })
  if (why?.why === 'token_not_valid') closeSignedOut(socket)
}

function end(socket: WebSocket, why: string, code: 1008 | 1009 = CLOSE.policy): void {
  sendFrame(socket, { type: 'error', errors: { detail: [why] } })
  closeSocket(socket, code, why)
}

/** Most frames are so short that their bytes need not be counted. */
const isTooLarge = (data: string): boolean =>
  data.length > MAX_FRAME_BYTES ||
  (data.length * 3 > MAX_FRAME_BYTES && new TextEncoder().encode(data).length > MAX_FRAME_BYTES)

/** A client may send again what failed only because something was out of reach. */
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

/** Not an error's message: it may hold what was sent. */
const nameOf = (error: unknown) => (error instanceof Error ? error.name : typeof error)

/** As bodies are read: digits as they were sent, and no deeper. Undefined for what is no frame. */
function fieldsOf(data: string): unknown {
  try {
    return parseJson(data)
  } catch (error) {
    if (error instanceof ApiError || error instanceof ValidationError) return undefined
    throw error
  }
}
