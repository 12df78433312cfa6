/** The sockets of an object. They outlive its memory, so each carries its state as an attachment. */
import type { Listener } from './listener'
import { CLOSE } from './protocol'

/** The state that every socket has. */
export interface SocketState extends Listener {
  /** Milliseconds since the epoch. */
  openedAt: number
  /** How much was sent since the client was last heard from, and when that was, in milliseconds since the epoch. */
  unheard: { bytes: number; since: number }
}

/**
 * How much may be sent to a client without hearing from it. The platform does not report what a client has read, so a frame or a ping from it
 * counts as a sign that it reads. Forty sockets hold 50 MB at most; an object has 128.
 */
const MAX_UNHEARD_BYTES = 1.25 * 2 ** 20

export const stateOf = (socket: WebSocket): SocketState => socket.deserializeAttachment()

/** The state of a socket that has just been opened. */
export const newState = (listener: Listener): SocketState => {
  const now = Date.now()
  return { ...listener, openedAt: now, unheard: { bytes: 0, since: now } }
}

/** Sends a frame, and gives its length. A closed socket is not an error, because its client reconnects. */
export function sendFrame(socket: WebSocket, frame: object): number {
  const text = JSON.stringify(frame)
  try {
    socket.send(text)
  } catch {
    // The socket was closed in the meantime.
  }
  // UTF-16 units, since counting bytes would cost time: up to three times as many bytes are sent, and held.
  return text.length
}

export function closeSocket(
  socket: WebSocket,
  code: (typeof CLOSE)[keyof typeof CLOSE],
  reason: string,
): void {
  try {
    socket.close(code, reason)
  } catch {
    // It was closed already.
  }
}

/** Closes the socket if its token has expired, and tells whether it has. */
export function closeIfExpired(socket: WebSocket, now: number): boolean {
  const isExpired = stateOf(socket).expiresAt <= now
  if (isExpired) closeSocket(socket, CLOSE.signedOut, 'token expired')
  return isExpired
}

/** Closes a socket whose session or account has ended. */
export const closeSignedOut = (socket: WebSocket): void => closeSocket(socket, CLOSE.signedOut, 'signed out')

/** Records that a frame arrived, so the client is there. */
export function heard(socket: WebSocket): void {
  const state = stateOf(socket)
  if (state.unheard.bytes > 0)
    socket.serializeAttachment({ ...state, unheard: { bytes: 0, since: Date.now() } })
}

/** Counts what was sent to a client. `heardAt`: when it last sent a ping, which does not wake the object. */
export function countUnheard({ unheard }: SocketState, bytes: number, heardAt: number) {
  const before = heardAt > unheard.since ? { bytes: 0, since: heardAt } : unheard
  return { ...before, bytes: before.bytes + bytes }
}

/** Closes the socket if too much was sent since the client was last heard from. The client reconnects and states what it has seen. */
export function closeIfSlow(socket: WebSocket): void {
  if (stateOf(socket).unheard.bytes > MAX_UNHEARD_BYTES) closeSocket(socket, CLOSE.tryAgain, 'too slow')
}
