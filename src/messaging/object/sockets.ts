/** The sockets of one conversation, which outlive the object's memory: all that is known of one is attached to it. */
import type { PrivateImageUrls } from '../../images/private-url'
import type { ConversationEvent } from '../shared/changes'
import { CLOSE, type ServerFrame } from '../shared/frames'
import type { Listener } from '../shared/listener'
import { type MessageViewer, messageView } from '../shared/message-view'

export interface Attachment extends Listener {
  /** Everything up to this seq has been sent or was superseded. */
  seen: number
  /** The `seq` of the frame before: the next one's `prev`. */
  last: number
  /** Milliseconds since the epoch. */
  openedAt: number
  /** Whether it gets changes as they happen; until then it is catching up. */
  isLive: boolean
  /** What has been sent since the client was last heard of, and when that was, in milliseconds since the epoch. */
  unheard: { bytes: number; since: number }
}

/**
 * What a client that is not heard of may have waiting for it. What it has read the platform does not say, so a message or a ping of its own
 * counts as a sign that it does. Forty sockets hold 50 MB at most; an object has 128.
 */
const MAX_UNHEARD_BYTES = 1.25 * 2 ** 20
/** What a replay sends; beyond it the client reads pages. */
export const MAX_REPLAYED_BYTES = 2 ** 20

export const attachmentOf = (socket: WebSocket): Attachment => socket.deserializeAttachment()

/** Changes what is known of the socket. */
export const attach = (socket: WebSocket, attachment: Attachment): void =>
  socket.serializeAttachment(attachment)

/** Sends a frame, and gives its length; a socket that is gone is no error, as its client comes back with `since`. */
export function sendFrame(socket: WebSocket, frame: ServerFrame): number {
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
  const isExpired = attachmentOf(socket).expiresAt <= now
  if (isExpired) closeSocket(socket, CLOSE.signedOut, 'token expired')
  return isExpired
}

/** Closes the socket of somebody whose session or account has ended. */
export const closeSignedOut = (socket: WebSocket): void => closeSocket(socket, CLOSE.signedOut, 'signed out')

/** A message has come: the client is there. */
export function heard(socket: WebSocket): void {
  const attachment = attachmentOf(socket)
  if (attachment.unheard.bytes > 0)
    attach(socket, { ...attachment, unheard: { bytes: 0, since: Date.now() } })
}

interface Delivery {
  events: ConversationEvent[]
  /** Everything up to here has been looked at. */
  seen: number
  urls: PrivateImageUrls
  /** When the client last sent a ping, which wakes nobody. */
  heardAt: number
  /** No more than this is sent, but for the event that reaches it. */
  maxBytes?: number
}

/**
 * Sends events in order, each linked to the one before, and remembers how far that socket is. Gives the bytes that were sent. A client that
 * has had too much since it was last heard of is closed: it comes back with `since`.
 */
export function deliver(
  socket: WebSocket,
  { events, seen, urls, heardAt, maxBytes = Number.POSITIVE_INFINITY }: Delivery,
): number {
  const attachment = attachmentOf(socket)
  let { last } = attachment
  let bytes = 0
  for (const event of events) {
    if (bytes > maxBytes) break
    bytes += sendFrame(
      socket,
      eventFrame(event, last, { viewerId: attachment.userId, urls, now: Date.now() }),
    )
    last = event.seq
  }
  const before = heardAt > attachment.unheard.since ? { bytes: 0, since: heardAt } : attachment.unheard
  const unheard = { ...before, bytes: before.bytes + bytes }
  attach(socket, { ...attachment, last, seen, unheard })
  if (unheard.bytes > MAX_UNHEARD_BYTES) closeSocket(socket, CLOSE.tryAgain, 'too slow')
  return bytes
}

function eventFrame(event: ConversationEvent, prev: number, viewer: MessageViewer): ServerFrame {
  const { seq, kind } = event
  if (kind === 'deleted') return { type: kind, seq, prev, id: event.messageId ?? 0 }
  if (kind === 'read') return { type: kind, seq, prev, user: event.userId, up_to: event.upTo ?? 0 }
  if (kind === 'cleared' || !event.message) return { type: 'cleared', seq, prev }
  return { type: kind, seq, prev, message: messageView(event.message, viewer) }
}
