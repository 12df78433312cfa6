/** Opens a socket. Refuses before the upgrade whatever can be refused there. */
import { SessionEnded } from '../db/errors'
import type { UserContext } from '../http/env'
import { ApiError, throttledFor, ValidationError } from '../http/errors'
import { listenRequest } from './listener'

interface Opening {
  /** The last change that the client has, as it claims. */
  since: string | undefined
  /** Passes the request to the object. */
  ask: (request: Request) => Promise<Response>
}

/** Answers 101; 401 if the session has ended; 404 if the object says so; 426, 400, 429, 503; 500 if the object has a bug. */
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
  // A browser offers two subprotocols, `bearer` and the token. The token is not passed on.
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
  // An object's response is immutable, and every answer gets more headers.
  return new Response(null, answer)
}
