/** `/sessions`: where the user is signed in. */

import * as z from 'zod/mini'
import { describe } from '../http/describe'
import type { AppEnv } from '../http/env'
import { ApiError } from '../http/errors'
import { Hono } from '../http/hono'
import { inPath } from '../http/params'
import { clearAccessCookie, clearRefreshCookie } from './cookies'
import { requireUser } from './credentials'
import { sessionListItem } from './schemas'
import { listSessions, revokeSessionStatement, revokeSessionsStatement } from './session-queries'
import { sessionView } from './view'

const sessionParam = z.object({ id: z.string().check(z.describe('As the list of sessions names it.')) })

export const sessionRoutes = new Hono<AppEnv>()
  .get(
    '/',
    describe({
      id: 'listSessions',
      summary: 'The sessions of the user',
      description: 'Most recently used first. Not paged, because there are at most 100.',
      answers: { 200: z.array(sessionListItem) },
    }),
    requireUser,
    async (c) => {
      const { db, user } = c.var
      const sessions = await listSessions(db, user.id, Date.now())
      return c.json(sessions.map((session) => sessionView(session, user.session)))
    },
  )

  .delete(
    '/',
    describe({
      id: 'endOtherSessions',
      summary: 'Sign out everywhere else',
      description: 'Ends every session except the current one.',
      answers: { 204: null },
    }),
    requireUser,
    async (c) => {
      const { db, user } = c.var
      c.set('endedSessions', { userId: user.id, except: user.session })
      await db.batch([revokeSessionsStatement(user.id, user.session, Date.now())])
      return c.body(null, 204)
    },
  )

  .delete(
    // The full name: a prefix would match every session whose name begins with it.
    '/:id{[0-9a-f]{16}}',
    describe({
      id: 'endSession',
      summary: 'Sign out of one session',
      description: 'It may be the current session.',
      answers: { 204: null },
      errors: ['not_found'],
    }),
    requireUser,
    inPath(sessionParam),
    async (c) => {
      const { db, user } = c.var
      const { id: session } = c.req.valid('param')
      c.set('endedSessions', { userId: user.id, session })
      const [ended] = await db.batch([revokeSessionStatement(user.id, session, Date.now())])
      if (ended.length === 0) {
        c.set('endedSessions', undefined)
        throw new ApiError('not_found')
      }
      if (session === user.session && user.via === 'cookie') {
        clearAccessCookie(c)
        clearRefreshCookie(c)
      }
      return c.body(null, 204)
    },
  )
