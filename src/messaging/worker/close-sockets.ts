/** Sockets end with the session that opened them. */
import { createMiddleware } from 'hono/factory'
import { openDb } from '../../db/client'
import type { AppEnv, Bindings, EndedSessions } from '../../http/env'
import { pairOf } from '../shared/pair'
import { conversationStub } from './conversation-stub'
import { listPartners } from './queries'

/** A Worker may make 1,000 calls to other services for one request. */
const MAX_OBJECTS_PER_REQUEST = 900

/** After a request that ended sessions, closes their sockets. Those that it misses end with their access tokens. */
export const closeEndedSessions = createMiddleware<AppEnv>(async (c, next) => {
  await next()
  const ended = c.var.endedSessions
  if (ended) c.executionCtx.waitUntil(closeSockets(c.env, ended))
})

async function closeSockets(env: Bindings, { userId, ...which }: EndedSessions): Promise<void> {
  const partners = await listPartners(openDb(env.DB, { primary: true }), userId)
  await Promise.allSettled(
    partners
      .slice(0, MAX_OBJECTS_PER_REQUEST)
      .map((partner) => conversationStub(env, pairOf(userId, partner)).closeSockets(userId, which)),
  )
}
