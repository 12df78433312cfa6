import { createMiddleware } from 'hono/factory'
import { openDb } from '../db/client'
import type { AppEnv, Bindings, EndedSessions } from '../http/env'
import { conversationStub } from './objects'
import { listPartners } from './queries'
import { pairOf } from './rows'

/** A Worker may call so many objects for one request. */
const MOST = 900

/** After a request that ended sessions, closes their sockets; what this misses, the end of their access tokens does. */
export const closeEndedSessions = createMiddleware<AppEnv>(async (c, next) => {
  await next()
  const ended = c.var.endedSessions
  if (ended) c.executionCtx.waitUntil(closeSockets(c.env, ended))
})

async function closeSockets(env: Bindings, { userId, ...which }: EndedSessions): Promise<void> {
  const partners = await listPartners(openDb(env.DB, { primary: true }), userId)
  await Promise.allSettled(
    partners
      .slice(0, MOST)
      .map((partner) => conversationStub(env, pairOf(userId, partner)).signOut(userId, which)),
  )
}
