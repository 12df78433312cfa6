/** The sockets of a channel, each with a record of what it has been told. */
import { sha256 } from '../../crypto'
import type { Marks, Unread } from '../../notifications/queries'
import { closeIfSlow, countUnheard, type SocketState, sendFrame } from '../../sockets/socket'
import type { ServerFrame } from '../shared/frames'
import type { Conversations } from './state-queries'

export interface Attachment extends SocketState {
  /** The newest notifications that it was told of; `seq` is the one in the last frame about them. */
  notified: Marks & { seq: number }
  unread: Unread
  /** A digest of the conversations as last sent. */
  conversations: string
  /** New posts after `since`: how many the socket was told of, the newest one, and when (`at`, in milliseconds since the epoch). */
  feed: { since: number; count: number; newest: number; at: number }
}

export const attachmentOf = (socket: WebSocket): Attachment => socket.deserializeAttachment()

/** Merges these fields into the socket's attachment. */
export const attach = (socket: WebSocket, more: Partial<Attachment>): void =>
  socket.serializeAttachment({ ...attachmentOf(socket), ...more })

/** Both marks only grow, so their sum identifies a state. */
export const seqOf = ({ newest, likes }: Marks): number => newest + likes

export const digestOf = async ({ newest, changes }: Conversations): Promise<string> =>
  (await sha256(JSON.stringify([newest, changes]))).slice(0, 24)

/** Sends frames in order. Closes the socket if too much was sent since the client was last heard from; the client then reconnects. */
export function send(socket: WebSocket, frames: readonly ServerFrame[], heardAt: number): void {
  let bytes = 0
  for (const frame of frames) bytes += sendFrame(socket, frame)
  attach(socket, { unheard: countUnheard(attachmentOf(socket), bytes, heardAt) })
  closeIfSlow(socket)
}
