/** Who looks after the service: that somebody has the role is checked inside each batch, as is that they are there at all. */
import { createMiddleware } from 'hono/factory'
import type * as z from 'zod/mini'
import type { Role } from '../db/moderation-words'
import { body } from '../http/body'
import type { UserEnv } from '../http/env'

/** Lets only those pass who have this role or a higher one: 403 for others, from the first call to D1. Behind `requireUser`. */
export const requireStaff = (role: Role) =>
  createMiddleware<UserEnv>(async (c, next) => {
    const { db, user } = c.var
    c.set('db', db.forUser({ userId: user.id, session: user.session, role }))
    await next()
  })

/** Validates the body of a call of theirs. Before a 400 is told, others are told that they may not ask. */
export const staffBody = <S extends z.ZodMiniType>(schema: S) =>
  body(schema, {
    before: async (c) => {
      await c.var.db.batch([])
    },
  })
