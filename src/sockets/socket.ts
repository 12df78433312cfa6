/** The sockets of an object, which outlive its memory: all that is known of one is attached to it. */
import type { Listener } from './listener'
import { CLOSE } from './protocol'

/** What is known of every socket. */
export interface SocketState extends Listener {
  /** Milliseconds since the epoch. */
  openedAt: number
  /** What has been sent since the client was last heard of, and when that was, in milliseconds since the epoch. */
  unheard: { bytes: number; since: number }
}

/**
 * What a client that is not heard of may have waiting for it. What it has read the platform does not say, so a message or a ping of its own
 * counts as a sign that it does. Forty sockets hold 50 MB at most; an object has 128.
 */
const MAX_UNHEARD_BYTES = 1.25 * 2 ** 20

export const stateOf = (socket: WebSocket): SocketState => socket.deserializeAttachment()

/** What is known of a socket that has just been opened. */
export const newState = (listener: Listener): SocketState => {
  const now = Date.now()
  return { ...listener, openedAt: now, unheard: { bytes: 0, since: now } }
}

/** Sends a frame, and gives its length; a socket that is gone is no error, as its client comes back. */
export function sendFrame(socket: WebSocket, frame: object): number {
  const text = JSON.stringify(frame)
  try {
    socket.send(text)
  } catch {
    // Closed between the look and the send.
  }
  // Not its bytes, which would have to be counted: up to three times as many of them go over the wire, and as many are held.
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
    // Closed already.
  }
}

/** Closes the socket if its token has run out, and says whether it has. */
export function closeIfExpired(socket: WebSocket, now: number): boolean {
  const isExpired = stateOf(socket).expiresAt <= now
  if (isExpired) closeSocket(socket, CLOSE.signedOut, 'token expired')
  return isExpired
}

/** Closes the socket of somebody whose session or account has ended. */
export const closeSignedOut = (socket: WebSocket): void => closeSocket(socket, CLOSE.signedOut, 'signed out')

/** A message has come: the client is there. */
export function heard(socket: WebSocket): void {
  const state = stateOf(socket)
  if (state.unheard.bytes > 0)
    socket.serializeAttachment({ ...state, unheard: { bytes: 0, since: Date.now() } })
}

/** Counts what was sent to a client; `heardAt` is when it last sent a ping, which wakes nobody. */
export function countUnheard({ unheard }: SocketState, bytes: number, heardAt: number) {
  const before = heardAt > unheard.since ? { bytes: 0, since: heardAt } : unheard
  return { ...before, bytes: before.bytes + bytes }
}

/** Closes the socket of a client that has had too much since it was last heard of: it comes back with what it has seen. */
export function closeIfSlow(socket: WebSocket): void {
  if (stateOf(socket).unheard.bytes > MAX_UNHEARD_BYTES) closeSocket(socket, CLOSE.tryAgain, 'too slow')
}
