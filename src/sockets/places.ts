/** Limits the sockets of one user in an object, and records when each client was last heard from. */
import { MAX_SOCKETS_PER_OBJECT } from '../limits/limits'
import { CLOSE } from './protocol'
import { closeSocket, stateOf } from './socket'

/** Clients ping twice as often (`client/link.ts`): a client that has been silent for this long is gone, or can reconnect. */
const SILENT_AFTER_MS = 30_000

/** The times of frames are kept in memory only. The platform keeps those of pings. */
export function places(ctx: DurableObjectState) {
  const framedAt = new WeakMap<WebSocket, number>()
  const pingedAt = (socket: WebSocket): number =>
    ctx.getWebSocketAutoResponseTimestamp(socket)?.getTime() ?? 0
  /** The latest of: a ping, a frame since the object woke up, and the opening of the socket. */
  const lastHeard = (socket: WebSocket) =>
    Math.max(pingedAt(socket), framedAt.get(socket) ?? 0, stateOf(socket).openedAt)

  return {
    /** When the client last sent a ping, in milliseconds since the epoch; 0 if it never did. */
    pingedAt,

    /** Records that a frame arrived. */
    noteFrame(socket: WebSocket): void {
      framedAt.set(socket, Date.now())
    },

    /**
     * Whether a user with these sockets may open another. The object does not learn of connections that broke without a close frame. So if there are
     * too many, the one that has been silent the longest is closed to make room, if it has been silent for long enough.
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
