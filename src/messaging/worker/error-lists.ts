/** The shape of errors in calls that send a message. */
import { createMiddleware } from 'hono/factory'
import { note } from '../../http/describe'
import type { AppEnv } from '../../http/env'

/** The calls with a body. */
export const MESSAGE_CALLS = '/messages/:id{[0-9]+}/:call{send|start|update}'

const METHODS: Record<string, string[]> = { send: ['POST'], start: ['POST'], update: ['PATCH', 'PUT'] }

/**
 * Every error of such a call, whoever throws it, gets lists for values: `{"detail":["Not found."]}`. Existing clients map over every
 * value, and lose the page and what was typed over a string.
 */
export const errorsInLists = note(
  createMiddleware<AppEnv, typeof MESSAGE_CALLS>(async (c, next) => {
    if (METHODS[c.req.param('call')]?.includes(c.req.method)) c.set('errorsInLists', true)
    await next()
  }),
  { errorsInLists: true },
)
