/** How many sockets of one person an object holds, and who has been heard of. */
import { MAX_SOCKETS_PER_OBJECT } from '../limits/limits'
import { CLOSE } from './protocol'
import { closeSocket, stateOf } from './socket'

/** Clients ping twice as often (`client/link.ts`): who has not been heard of for so long is gone, or can come back. */
const SILENT_AFTER_MS = 30_000

/** Remembers frames in memory only; pings the platform remembers. */
export function places(ctx: DurableObjectState) {
  const framedAt = new WeakMap<WebSocket, number>()
  const pingedAt = (socket: WebSocket): number =>
    ctx.getWebSocketAutoResponseTimestamp(socket)?.getTime() ?? 0
  /** A ping, a frame since the object woke up, or its opening. */
  const lastHeard = (socket: WebSocket) =>
    Math.max(pingedAt(socket), framedAt.get(socket) ?? 0, stateOf(socket).openedAt)

  return {
    /** When the client last sent a ping, in milliseconds since the epoch; 0 if it never did. */
    pingedAt,

    /** A frame has come. */
    noteFrame(socket: WebSocket): void {
      framedAt.set(socket, Date.now())
    },

    /**
     * Whether somebody who has these open may open one more. Nothing tells the object of a connection that broke without a word, so where there are
     * too many, the one that has been silent the longest makes room, if it has been for long enough.
     */
    hasPlace(open: WebSocket[]): boolean {
      if (open.length < MAX_SOCKETS_PER_OBJECT) return true
      const [silent] = open
        .map((socket) => ({ socket, heardAt: lastHeard(socket) }))
        .sort((one, other) => one.heardAt - other.heardAt)
      if (!silent || Date.now() - silent.heardAt < SILENT_AFTER_MS) return false
      closeSocket(silent.socket, CLOSE.tryAgain, 'silent')
      return true
    },
  }
}
export type Places = ReturnType<typeof places>
