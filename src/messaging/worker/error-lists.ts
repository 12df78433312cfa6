/** The shape of errors in calls that send or edit messages. */
import { createMiddleware } from 'hono/factory'
import { note } from '../../http/describe'
import type { AppEnv } from '../../http/env'

/** The calls that have a body. */
export const MESSAGE_CALLS = '/messages/:id{[0-9]+}/:call{send|start|update}'

const METHODS: Record<string, string[]> = { send: ['POST'], start: ['POST'], update: ['PATCH', 'PUT'] }

/**
 * Turns every value into a list in all errors of such a call: `{"detail":["Not found."]}`. Existing clients map over every value; a string makes
 * them lose the page and what the user typed.
 */
export const errorsInLists = note(
  createMiddleware<AppEnv, typeof MESSAGE_CALLS>(async (c, next) => {
    if (METHODS[c.req.param('call')]?.includes(c.req.method)) c.set('errorsInLists', true)
    await next()
  }),
  { errorsInLists: true },
)
