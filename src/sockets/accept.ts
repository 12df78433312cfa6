/** How an object answers who opens a socket. */
import { ForeignKeyViolation, isSignedOut } from '../db/errors'
import { secondsToWait, Throttled } from '../limits/throttled'
import { logMistake } from './mistakes'

/** The answer to a request that was refused for this reason. */
export function refusal(error: unknown, whose?: string): Response {
  if (isSignedOut(error)) return new Response(null, { status: 401 })
  if (error instanceof ForeignKeyViolation) return new Response(null, { status: 404 })
  if (error instanceof Throttled)
    return new Response(null, { status: 429, headers: { 'retry-after': String(secondsToWait(error)) } })
  return new Response(null, { status: logMistake(error, whose) ? 500 : 503 })
}

/** Opens the socket, with a tag by which it is found; gives its other end as the answer. */
export function accept(
  ctx: DurableObjectState,
  request: Request,
  tag: string,
): { socket: WebSocket; answer: Response } {
  const { 0: client, 1: server } = new WebSocketPair()
  ctx.acceptWebSocket(server, [tag])
  const protocol = request.headers.get('sec-websocket-protocol')
  const answer = new Response(null, {
    status: 101,
    webSocket: client,
    ...(protocol && { headers: { 'sec-websocket-protocol': protocol } }),
  })
  return { socket: server, answer }
}

/** There is one alarm: for the earliest of all that is waited for. */
export async function wakeAt({ storage }: DurableObjectState, time: number): Promise<void> {
  const current = await storage.getAlarm()
  if (current === null || current > time) await storage.setAlarm(time)
}
