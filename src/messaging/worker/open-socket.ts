/** Opening a socket: whatever can be refused is refused before the upgrade. */
import { requireKnownOrigin } from '../../auth/credentials'
import { config } from '../../http/config'
import type { UserContext } from '../../http/env'
import { ApiError, ValidationError } from '../../http/errors'
import { findUser } from '../../users/queries'
import { listenRequest } from '../shared/listener'
import { pairOf } from '../shared/pair'
import { conversationStub } from './conversation-stub'
import { openConversation } from './queries'

/**
 * Answers 101; or 401 where the session has ended, 403 for a page of a foreign origin, 404 where there is nobody to listen to, 426,
 * 400, 429, 503.
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
  if (!isUpgrade || !/^\d{1,15}$/.test(since ?? '0')) {
    if (!(await findUser(db, otherId))) throw new ApiError('not_found')
    if (isUpgrade) throw new ValidationError({ since: ['A valid integer is required.'] })
    throw new ApiError('upgrade_required', { headers: { upgrade: 'websocket', connection: 'upgrade' } })
  }
  const { limits } = config(c.env)
  const origin = new URL(c.req.url).origin
  const listener = { userId: user.id, session: user.session, expiresAt: user.expiresAt, origin }
  const { isThere, isLive } = await openConversation(db, listener, otherId, limits, Date.now())
  if (!isThere) throw new ApiError('not_found')
  // A token outlives its session by minutes; what it can be used for until then does not include listening.
  if (!isLive) throw new ApiError('token_not_valid')
  const request = listenRequest(listener, since)
  // A browser's subprotocols are `bearer` and the token; the token is not passed on.
  const offered = c.req.header('sec-websocket-protocol')?.split(',', 1)[0]?.trim()
  if (offered === 'bearer') request.headers.set('sec-websocket-protocol', offered)
  const answer = await conversationStub(c.env, pairOf(user.id, otherId))
    .fetch(request)
    .catch(() => new Response(null, { status: 503 }))
  if (answer.status === 429) throw new ApiError('throttled', { headers: { 'retry-after': '60' } })
  if (answer.status !== 101) throw new ApiError('unavailable')
  // What an object answers cannot be added to, and every answer of ours gets more headers.
  return new Response(null, answer)
}
