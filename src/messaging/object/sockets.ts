/** The sockets of one conversation, which outlive the object's memory: all that is known of one is attached to it. */
import type { ImageUrls } from '../../images/url'
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
}

export const attachmentOf = (socket: WebSocket): Attachment => socket.deserializeAttachment()

/** Changes what is known of the socket. */
export const attach = (socket: WebSocket, attachment: Attachment): void =>
  socket.serializeAttachment(attachment)

/** Sends a frame; a socket that is gone is no error, as its client comes back with `since`. */
export function sendFrame(socket: WebSocket, frame: ServerFrame): void {
  try {
    socket.send(JSON.stringify(frame))
  } catch {
    // Closed between the look and the send.
  }
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

/** Sends events in order, each linked to the one before, and remembers how far that socket is. */
export function deliver(socket: WebSocket, events: ConversationEvent[], seen: number, urls: ImageUrls): void {
  const attachment = attachmentOf(socket)
  let { last } = attachment
  for (const event of events) {
    sendFrame(socket, eventFrame(event, last, { viewerId: attachment.userId, urls, now: Date.now() }))
    last = event.seq
  }
  attach(socket, { ...attachment, last, seen })
}

function eventFrame(event: ConversationEvent, prev: number, viewer: MessageViewer): ServerFrame {
  const { seq, kind } = event
  if (kind === 'deleted') return { type: kind, seq, prev, id: event.messageId ?? 0 }
  if (kind === 'read') return { type: kind, seq, prev, user: event.userId, up_to: event.upTo ?? 0 }
  if (kind === 'cleared' || !event.message) return { type: 'cleared', seq, prev }
  return { type: kind, seq, prev, message: messageView(event.message, viewer) }
}
