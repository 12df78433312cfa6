/** Opening a socket: whatever can be refused is refused before the upgrade. */
import { SessionEnded } from '../db/errors'
import type { UserContext } from '../http/env'
import { ApiError, throttledFor, ValidationError } from '../http/errors'
import { listenRequest } from './listener'

interface Opening {
  /** How far the client is, as it says. */
  since: string | undefined
  /** Hands the request to the object. */
  ask: (request: Request) => Promise<Response>
}

/** Answers 101; or 401 where the session has ended, 404 where the object says so, 426, 400, 429, 503; 500 where the object made a mistake. */
export async function openSocket(c: UserContext, { since, ask }: Opening): Promise<Response> {
  const { user } = c.var
  const isUpgrade = c.req.header('upgrade')?.toLowerCase() === 'websocket'
  if (!isUpgrade)
    throw new ApiError('upgrade_required', { headers: { upgrade: 'websocket', connection: 'upgrade' } })
  if (!/^\d{1,15}$/.test(since ?? '0')) throw new ValidationError({ since: ['A valid integer is required.'] })
  const origin = new URL(c.req.url).origin
  const request = listenRequest(
    { userId: user.id, session: user.session, expiresAt: user.expiresAt, origin },
    since,
  )
  // A browser's subprotocols are `bearer` and the token; the token is not passed on.
  const offered = c.req.header('sec-websocket-protocol')?.split(',', 1)[0]?.trim()
  if (offered === 'bearer') request.headers.set('sec-websocket-protocol', offered)
  const answer = await ask(request).catch((error: unknown) => {
    console.error(JSON.stringify({ error: 'An object could not be reached.', why: String(error) }))
    return new Response(null, { status: 503 })
  })
  if (answer.status === 401) throw new SessionEnded()
  if (answer.status === 404) throw new ApiError('not_found')
  if (answer.status === 429) throw throttledFor(Number(answer.headers.get('retry-after') ?? 60))
  if (answer.status === 500) throw new ApiError('internal')
  if (answer.status !== 101) throw new ApiError('unavailable')
  // What an object answers cannot be added to, and every answer of ours gets more headers.
  return new Response(null, answer)
}
