/** Which sockets are closed when sessions end. */
import { stateOf } from './socket'

/** One session, or all of a user's sessions except one. */
export type WhichSessions = { session: string } | { except: string | undefined }

/** Whether the session that opened the socket is one of these. */
export function hasEnded(socket: WebSocket, which: WhichSessions): boolean {
  const { session } = stateOf(socket)
  return 'session' in which ? session === which.session : session === undefined || session !== which.except
}
