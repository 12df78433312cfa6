/** The sockets of one conversation. */
import type { PrivateImageUrls } from '../../images/private-url'
import { closeIfSlow, countUnheard, type SocketState, sendFrame } from '../../sockets/socket'
import type { ConversationEvent } from '../shared/changes'
import { eventFrame } from '../shared/event-frame'

export interface Attachment extends SocketState {
  /** Everything up to this seq has been sent or was superseded. */
  seen: number
  /** The `seq` of the frame before: the next one's `prev`. */
  last: number
  /** Whether it gets changes as they happen. Until then it is catching up. */
  isLive: boolean
}

/** How much a replay sends. Beyond that, the client reads pages. */
export const MAX_REPLAYED_BYTES = 2 ** 20

export const attachmentOf = (socket: WebSocket): Attachment => socket.deserializeAttachment()

/** Replaces the socket's attachment. */
export const attach = (socket: WebSocket, attachment: Attachment): void =>
  socket.serializeAttachment(attachment)

interface Delivery {
  events: ConversationEvent[]
  /** Everything up to this seq has been read. */
  seen: number
  urls: PrivateImageUrls
  /** When the client last sent a ping, which does not wake the object. */
  heardAt: number
  /** Sending stops after the event that reaches this limit. */
  maxBytes?: number
}

/**
 * Sends events in order, each linked to the one before, and records how far the socket is. Gives the number of bytes sent. Closes the socket if
 * too much was sent since the client was last heard from; the client reconnects with `since`.
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
  attach(socket, { ...attachment, last, seen, unheard: countUnheard(attachment, bytes, heardAt) })
  closeIfSlow(socket)
  return bytes
}
