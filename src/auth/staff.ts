/** Moderators and administrators. Each batch checks that the user still has the role, as it checks that the account is active. */
import { createMiddleware } from 'hono/factory'
import type * as z from 'zod/mini'
import type { Role } from '../db/moderation-words'
import { body } from '../http/body'
import type { UserEnv } from '../http/env'

/** Requires this role or a higher one; for anybody else the first D1 call throws a 403. Must come after `requireUser`. */
export const requireStaff = (role: Role) =>
  createMiddleware<UserEnv>(async (c, next) => {
    const { db, user } = c.var
    c.set('db', db.forUser({ userId: user.id, session: user.session, role }))
    await next()
  })

/** Validates the body of a staff route. Checks the role first, so that others get 403 and not 400. */
export const staffBody = <S extends z.ZodMiniType>(schema: S) =>
  body(schema, {
    before: async (c) => {
      await c.var.db.batch([])
    },
  })
