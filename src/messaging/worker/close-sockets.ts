/** Sockets end with the session that opened them, and where one of the two blocks the other. */
import { createMiddleware } from 'hono/factory'
import { openDb } from '../../db/client'
import type { AppEnv, Bindings, EndedSessions } from '../../http/env'
import { callConversation } from '../../sockets/conversation-stub'
import { pairOf } from '../shared/pair'
import { listHeard } from './queries'

/**
 * After a request that ended sessions, closes their sockets: one D1 call, and one call to each object where the user has a socket open, which
 * are 100 at most, whoever else has conversations with them. What cannot be reached ends with its access token.
 */
export const closeEndedSessions = createMiddleware<AppEnv>(async (c, next) => {
  await next()
  const ended = c.var.endedSessions
  if (ended) c.executionCtx.waitUntil(closeSockets(c.env, ended))
})

/**
 * After a request that parted two people, closes the sockets of their conversation: one call to its object. What cannot be reached says nothing
 * more, as every change asks, and ends with its access token.
 */
export const closeParted = createMiddleware<AppEnv>(async (c, next) => {
  await next()
  const { parted } = c.var
  // Not where that was refused; where nobody knows what came of it, they come back.
  if (parted && (c.res.ok || c.res.status >= 500))
    c.executionCtx.waitUntil(
      twice(() => callConversation(c.env, pairOf(...parted), async (stub) => stub.closeAll())).catch(
        logUnclosed,
      ),
    )
})

/** Closes the sockets of these sessions of a user, wherever they are. */
export async function closeSockets(env: Bindings, { userId, ...which }: EndedSessions): Promise<void> {
  const close = (otherId: number) =>
    twice(() =>
      callConversation(env, pairOf(userId, otherId), async (stub) => stub.closeSockets(userId, which)),
    )
  const heard = await twice(() => listHeard(openDb(env.DB, { primary: true }), userId)).catch(logUnclosed)
  await Promise.all((heard ?? []).map((otherId) => close(otherId).catch(logUnclosed)))
}

const logUnclosed = (error: unknown) =>
  console.error(JSON.stringify({ error: 'Sockets could not be closed.', why: String(error) }))

/** Asking and closing twice is the same as once. */
const twice = async <T>(run: () => Promise<T>): Promise<T> => run().catch(run)
