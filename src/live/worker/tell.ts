/** Tells channels what requests have changed. If a call is lost, the channel later finds the change in D1. */
import { createMiddleware } from 'hono/factory'
import type { AppEnv, Bindings } from '../../http/env'
import { callChannel, closeChannel } from '../shared/channel'

/** After a request, calls the channel of each user whom the request notified: one call to each. */
export const tellChannels = createMiddleware<AppEnv>(async (c, next) => {
  await next()
  const { told } = c.var.db
  for (const userId of told) c.executionCtx.waitUntil(tellNotified(c.env, userId))
})

/** After a request that ended sessions, closes their sockets. After one that separated two users, has both channels check D1. */
export const tellEnded = createMiddleware<AppEnv>(async (c, next) => {
  await next()
  const { endedSessions, parted } = c.var
  if (endedSessions) c.executionCtx.waitUntil(closeChannel(c.env, endedSessions).catch(logUntold))
  if (!parted) return
  for (const userId of parted)
    c.executionCtx.waitUntil(
      callChannel(c.env, userId, async (channel) => channel.tellMissed()).catch(logUntold),
    )
})

const tellNotified = (env: Bindings, userId: number) =>
  callChannel(env, userId, async (channel) => channel.tellNotified()).catch(logUntold)

const logUntold = (error: unknown) =>
  console.error(JSON.stringify({ error: 'A channel could not be told.', why: String(error) }))
