/** Closes sockets when their session ends, or when one user blocks the other. */
import { createMiddleware } from 'hono/factory'
import { openDb } from '../../db/client'
import type { AppEnv, Bindings, EndedSessions } from '../../http/env'
import { callConversation } from '../../sockets/conversation-stub'
import { pairOf } from '../shared/pair'
import { listHeard } from './queries'

/**
 * After a request that ended sessions, closes their sockets. Costs one D1 call, and one call to each object where the user has a socket open: at
 * most 100, however many conversations the user has. A socket that cannot be reached is closed when its access token expires.
 */
export const closeEndedSessions = createMiddleware<AppEnv>(async (c, next) => {
  await next()
  const ended = c.var.endedSessions
  if (ended) c.executionCtx.waitUntil(closeSockets(c.env, ended))
})

/**
 * After a request that separated two users, closes the sockets of their conversation: one call to its object. A socket that cannot be reached gets
 * no more changes, because every change checks for blocks, and is closed when its access token expires.
 */
export const closeParted = createMiddleware<AppEnv>(async (c, next) => {
  await next()
  const { parted } = c.var
  // Not if the request was refused. If its result is unknown, close them: clients reconnect.
  if (parted && (c.res.ok || c.res.status >= 500))
    c.executionCtx.waitUntil(
      twice(() => callConversation(c.env, pairOf(...parted), async (stub) => stub.closeAll())).catch(
        logUnclosed,
      ),
    )
})

/** Closes the sockets of these sessions of a user, in all conversations. */
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

/** Retries once. Both reading and closing are idempotent. */
const twice = async <T>(run: () => Promise<T>): Promise<T> => run().catch(run)
