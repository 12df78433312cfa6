/** Tells channels what requests have done. What could not be told they find out by themselves. */
import { createMiddleware } from 'hono/factory'
import type { AppEnv, Bindings } from '../../http/env'
import { callChannel, closeChannel } from '../shared/channel'

/** After a request, tells the channels of those whom the database has told of something: one call to each. */
export const tellChannels = createMiddleware<AppEnv>(async (c, next) => {
  await next()
  const { told } = c.var.db
  for (const userId of told) c.executionCtx.waitUntil(tellNotified(c.env, userId))
})

/** After a request that ended sessions, or parted two people: closes the sockets of the ones, and lets the others look. */
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
