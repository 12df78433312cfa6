/** What clients send over their sockets. */

import type { Bindings } from '../http/env'
import { detailOf, type ErrorCode, type FieldErrors } from '../http/errors'
import { fieldErrors } from '../http/fields'
import { hashFields } from '../http/idempotency'
import { pictureUrlsAt } from '../images/url'
import type { Change } from './changes'
import type { Refusal, Result } from './committer'
import { CLOSE, type ClientFrame, clientFrame, MAX_FRAME, MAX_FRAMES_PER_SECOND } from './frames'
import { EMPTY, NO_RECIPIENT } from './refusals'
import type { MessageRow, Pair } from './rows'
import { messageBody } from './schemas'
import { type Attachment, attachmentOf, closeSocket, sendFrame } from './sockets'
import { messageView } from './view'

interface Surroundings {
  pair: Pair
  env: Bindings
  commit: (change: Change) => Promise<Result>
  /** The sockets of a user here. */
  sockets: (userId: number) => WebSocket[]
}

export type Inbox = (socket: WebSocket, data: string | ArrayBuffer) => Promise<void>

/** At most so often is passed on that somebody types. */
const TYPING_EVERY = 1_000

/** Why a socket is closed. */
const ERRORS = {
  frame: 'A frame is a JSON object of type send, read or typing.',
  large: 'A frame has at most 64 KB.',
  fast: 'At most 20 frames a second.',
} as const

const errorsOf = (why: Refusal): FieldErrors => (why === 'no_recipient' ? NO_RECIPIENT : told(why))
const told = (code: ErrorCode): FieldErrors => ({ detail: [detailOf(code)] })

/**
 * Handles frames. What is no frame, too large or too fast ends the socket; what is only not possible is answered. How fast somebody is,
 * only the memory knows: it is as good as new after an eviction.
 */
export function inbox({ pair, env, commit, sockets }: Surroundings): Inbox {
  const paces = new WeakMap<WebSocket, { second: number; frames: number; typedAt: number }>()

  function refuse(socket: WebSocket, error: string): void {
    sendFrame(socket, { type: 'error', errors: { detail: [error] } })
    closeSocket(socket, CLOSE.policy, error)
  }

  async function send(
    socket: WebSocket,
    frame: Extract<ClientFrame, { type: 'send' }>,
    { userId, origin }: Attachment,
  ) {
    const { key } = frame
    const fail = (errors: FieldErrors, why?: Refusal) =>
      sendFrame(socket, { type: 'error', key, ...codeOf(why), errors })
    const parsed = messageBody.safeParse({ content: frame.content })
    if (!parsed.success) return fail(fieldErrors(parsed.error))
    if (!parsed.data.content) return fail(EMPTY)
    const otherId = userId === pair.a ? pair.b : pair.a
    const requestHash = await hashFields({ content: frame.content })
    // The same scope as over HTTP: a message that was tried here can be sent again there.
    const idempotencyKey = { userId, route: `POST /messages/${otherId}/send`, key, requestHash }
    const result = await commit({ type: 'send', userId, content: parsed.data.content, key: idempotencyKey })
    if (!result.ok) return fail(errorsOf(result.why), result.why)
    const { remembered, message } = result.outcome
    if (remembered && remembered.requestHash !== requestHash) return fail(told('idempotency_key_reused'))
    const row: MessageRow | undefined = remembered ? JSON.parse(remembered.answer) : message
    if (!row) return fail(told('internal'))
    const view = messageView(row, { viewerId: userId, urls: pictureUrlsAt(env, origin), now: Date.now() })
    sendFrame(socket, { type: 'sent', key, message: view })
  }

  return async (socket, data) => {
    // What was on its way when the socket was closed.
    if (socket.readyState !== WebSocket.OPEN) return
    const now = Date.now()
    const attachment = attachmentOf(socket)
    const { userId } = attachment
    if (attachment.expiresAt <= now) return closeSocket(socket, CLOSE.signedOut, 'token expired')

    const second = Math.floor(now / 1000)
    const before = paces.get(socket)
    const pace = before?.second === second ? before : { second, frames: 0, typedAt: before?.typedAt ?? 0 }
    pace.frames += 1
    paces.set(socket, pace)
    if (pace.frames > MAX_FRAMES_PER_SECOND) return refuse(socket, ERRORS.fast)
    if (typeof data !== 'string') return refuse(socket, ERRORS.frame)
    if (data.length > MAX_FRAME || new TextEncoder().encode(data).length > MAX_FRAME)
      return refuse(socket, ERRORS.large)
    const frame = clientFrame.safeParse(parse(data)).data
    if (!frame) return refuse(socket, ERRORS.frame)

    if (frame.type === 'send') {
      return send(socket, frame, attachment).catch((error: unknown) => {
        console.error(JSON.stringify({ error: 'A frame could not be handled.', why: describe(error) }))
        sendFrame(socket, { type: 'error', key: frame.key, errors: told('internal') })
      })
    }
    if (frame.type === 'read') {
      const result = await commit({ type: 'read', userId, upTo: frame.up_to })
      if (!result.ok)
        sendFrame(socket, { type: 'error', ...codeOf(result.why), errors: errorsOf(result.why) })
      return
    }
    if (now - pace.typedAt < TYPING_EVERY) return
    pace.typedAt = now
    for (const other of sockets(userId === pair.a ? pair.b : pair.a))
      sendFrame(other, { type: 'typing', user: userId })
  }
}

/** What is only out of reach, a client may send again. */
const codeOf = (why: Refusal | undefined) => (why === 'unavailable' ? { code: why } : {})

/** Not the message: it may hold what was sent. */
const describe = (error: unknown) => (error instanceof Error ? error.name : typeof error)

function parse(data: string): unknown {
  try {
    return JSON.parse(data)
  } catch {
    return undefined
  }
}
