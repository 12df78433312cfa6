/** The sockets of a channel, and what each has been told. */
import { sha256 } from '../../crypto'
import type { Marks, Unread } from '../../notifications/queries'
import { closeIfSlow, countUnheard, type SocketState, sendFrame } from '../../sockets/socket'
import type { ServerFrame } from '../shared/frames'
import type { Conversations } from './state-queries'

export interface Attachment extends SocketState {
  /** Up to where it was told of notifications; `seq` is what the last frame of theirs said. */
  notified: Marks & { seq: number }
  unread: Unread
  /** A digest of the conversations as they were told of last. */
  conversations: string
  /** New posts behind this one: how many it was told of and when, in milliseconds since the epoch, and the newest. */
  feed: { since: number; count: number; newest: number; at: number }
}

export const attachmentOf = (socket: WebSocket): Attachment => socket.deserializeAttachment()

/** Changes what is known of the socket. */
export const attach = (socket: WebSocket, more: Partial<Attachment>): void =>
  socket.serializeAttachment({ ...attachmentOf(socket), ...more })

/** Both only grow, so their sum names what somebody has been told. */
export const seqOf = ({ newest, likes }: Marks): number => newest + likes

export const digestOf = async ({ newest, changes }: Conversations): Promise<string> =>
  (await sha256(JSON.stringify([newest, changes]))).slice(0, 24)

/** Sends frames, in order; a client that has had too much since it was last heard of is closed, and comes back. */
export function send(socket: WebSocket, frames: readonly ServerFrame[], heardAt: number): void {
  let bytes = 0
  for (const frame of frames) bytes += sendFrame(socket, frame)
  attach(socket, { unheard: countUnheard(attachmentOf(socket), bytes, heardAt) })
  closeIfSlow(socket)
}
