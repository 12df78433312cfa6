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
  /** Whether it gets changes as they happen; until then it is catching up. */
  isLive: boolean
}

/** What a replay sends; beyond it the client reads pages. */
export const MAX_REPLAYED_BYTES = 2 ** 20

export const attachmentOf = (socket: WebSocket): Attachment => socket.deserializeAttachment()

/** Changes what is known of the socket. */
export const attach = (socket: WebSocket, attachment: Attachment): void =>
  socket.serializeAttachment(attachment)

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
  attach(socket, { ...attachment, last, seen, unheard: countUnheard(attachment, bytes, heardAt) })
  closeIfSlow(socket)
  return bytes
}
