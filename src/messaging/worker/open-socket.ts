/** Opening a socket: whatever can be refused is refused before the upgrade. */

import { SessionEnded } from '../../db/errors'
import type { UserContext } from '../../http/env'
import { ApiError, throttledFor, ValidationError } from '../../http/errors'
import { requireKnownOrigin } from '../../http/origins'
import { listenRequest } from '../shared/listener'
import { pairOf } from '../shared/pair'
import { callConversation } from './conversation-stub'
import { mayListenTo } from './queries'

/**
 * Answers 101; or 401 where the session has ended, 403 for a page of a foreign origin, 404 where there is nobody to listen to, 426,
 * 400, 429, 503; 500 where the object made a mistake.
 */
export async function openSocket(
  c: UserContext,
  otherId: number,
  since: string | undefined,
): Promise<Response> {
  const { db, user } = c.var
  if (user.via === 'cookie') requireKnownOrigin(c)
  if (otherId === user.id || otherId === 0) throw new ApiError('not_found')
  const isUpgrade = c.req.header('upgrade')?.toLowerCase() === 'websocket'
  if (!(await mayListenTo(db, user.id, otherId))) throw new ApiError('not_found')
  if (!isUpgrade || !/^\d{1,15}$/.test(since ?? '0')) {
    if (isUpgrade) throw new ValidationError({ since: ['A valid integer is required.'] })
    throw new ApiError('upgrade_required', { headers: { upgrade: 'websocket', connection: 'upgrade' } })
  }
  const origin = new URL(c.req.url).origin
  const request = listenRequest(
    { userId: user.id, session: user.session, expiresAt: user.expiresAt, origin },
    since,
  )
  // A browser's subprotocols are `bearer` and the token; the token is not passed on.
  const offered = c.req.header('sec-websocket-protocol')?.split(',', 1)[0]?.trim()
  if (offered === 'bearer') request.headers.set('sec-websocket-protocol', offered)
  const answer = await callConversation(c.env, pairOf(user.id, otherId), async (stub) =>
    stub.fetch(request),
  ).catch((error: unknown) => {
    console.error(JSON.stringify({ error: 'A conversation could not be reached.', why: String(error) }))
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
