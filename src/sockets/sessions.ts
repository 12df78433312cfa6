/** Which sockets end with a session. */
import { stateOf } from './socket'

/** One session, or all of a user but one. */
export type WhichSessions = { session: string } | { except: string | undefined }

/** Whether the session that opened the socket is among these. */
export function hasEnded(socket: WebSocket, which: WhichSessions): boolean {
  const { session } = stateOf(socket)
  return 'session' in which ? session === which.session : session === undefined || session !== which.except
}
