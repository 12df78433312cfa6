/** How an object answers a request to open a socket. */
import { ForeignKeyViolation, isSignedOut } from '../db/errors'
import { secondsToWait, Throttled } from '../limits/throttled'
import { logMistake } from './mistakes'

/** The answer to a request that failed with this error. */
export function refusal(error: unknown, whose?: string): Response {
  if (isSignedOut(error)) return new Response(null, { status: 401 })
  if (error instanceof ForeignKeyViolation) return new Response(null, { status: 404 })
  if (error instanceof Throttled)
    return new Response(null, { status: 429, headers: { 'retry-after': String(secondsToWait(error)) } })
  return new Response(null, { status: logMistake(error, whose) ? 500 : 503 })
}

/** Accepts the socket under a tag by which the object finds it. Gives the client's end as the answer. */
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

/** An object has only one alarm, so it is set to the earliest of all times asked for. */
export async function wakeAt({ storage }: DurableObjectState, time: number): Promise<void> {
  const current = await storage.getAlarm()
  if (current === null || current > time) await storage.setAlarm(time)
}
