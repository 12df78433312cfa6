/** The sockets of one conversation, which outlive the object's memory: all that is known of one is attached to it. */
import type { PictureUrls } from '../images/url'
import type { Event } from './changes'
import type { CLOSE, ServerFrame } from './frames'
import { messageView } from './view'

/** What the Worker has found out about who connects. */
export interface Listener {
  userId: number
  /** The session of their token, where it has one. */
  session: string | undefined
  /** When the token runs out, in milliseconds since the epoch. */
  expiresAt: number
  /** Of the API as they know it: pictures' URLs begin with it. */
  origin: string
}

export interface Attachment extends Listener {
  /** Everything up to this seq has been sent or was superseded. */
  seen: number
  /** The `seq` of the frame before: the next one's `prev`. */
  last: number
  /** Whether it gets changes as they happen; until then it is catching up. */
  isLive: boolean
}

export const attachmentOf = (socket: WebSocket): Attachment => socket.deserializeAttachment()

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

/** Sends events in order, each linked to the one before, and remembers how far that socket is. */
export function deliver(socket: WebSocket, events: Event[], seen: number, urls: PictureUrls): void {
  const attachment = attachmentOf(socket)
  let { last } = attachment
  for (const event of events) {
    sendFrame(socket, eventFrame(event, last, { viewerId: attachment.userId, urls, now: Date.now() }))
    last = event.seq
  }
  socket.serializeAttachment({ ...attachment, last, seen } satisfies Attachment)
}

function eventFrame(event: Event, prev: number, viewer: Parameters<typeof messageView>[1]): ServerFrame {
  const { seq, kind } = event
  if (kind === 'deleted') return { type: kind, seq, prev, id: event.messageId ?? 0 }
  if (kind === 'read') return { type: kind, seq, prev, user: event.userId, up_to: event.upTo ?? 0 }
  if (kind === 'cleared' || !event.message) return { type: 'cleared', seq, prev }
  return { type: kind, seq, prev, message: messageView(event.message, viewer) }
}
