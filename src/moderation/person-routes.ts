/** `/moderation/people` */
import * as z from 'zod/mini'
import { requireUser } from '../auth/credentials'
import { requireStaff, staffBody } from '../auth/staff'
import { describe } from '../http/describe'
import type { AppEnv } from '../http/env'
import { ApiError } from '../http/errors'
import { Hono } from '../http/hono'
import { answerPage, pageOf } from '../http/paging'
import { idParam, inPath, inQuery, requireShort } from '../http/params'
import { listPeople, PEOPLE_BY_NAME, readPerson, setRole, signOut } from './person-queries'
import { personAnswer, personDetailAnswer, personListQuery, personPatch } from './person-schemas'
import { entryView, personView } from './view'

const staff = requireStaff('moderator')

const sessionParam = z.extend(idParam, {
  session: z.string().check(z.describe('As `sessions` of the person names it.')),
})

/** The user, if they exist and the viewer may deal with them. */
function requireTheirs<Row extends { isFor: number }>(row: Row | undefined): Row {
  if (!row) throw new ApiError('not_found')
  if (row.isFor !== 1) throw new ApiError('permission_denied')
  return row
}

export const personRoutes = new Hono<AppEnv>()
  .get(
    '/',
    describe({
      id: 'listPeople',
      summary: 'People by name',
      answers: { 200: pageOf(personAnswer) },
      errors: ['permission_denied'],
    }),
    requireUser,
    staff,
    inQuery(personListQuery),
    async (c) => {
      const query = c.req.valid('query')
      const prefix = requireShort('search', query.search).trim()
      const page = await answerPage(c, query, {
        order: PEOPLE_BY_NAME,
        filter: prefix,
        isCountKept: false,
        price: { shown: 4, skipped: 4, hidden: 1, counting: 1_000 },
        load: (page) => listPeople(c.var.db, prefix, page),
        view: personView,
      })
      return c.json(page)
    },
  )

  .get(
    '/:id{[0-9]+}',
    describe({
      id: 'getPerson',
      summary: 'A person with their sessions and the actions taken on them',
      answers: { 200: personDetailAnswer },
      errors: ['permission_denied', 'not_found'],
    }),
    requireUser,
    staff,
    inPath(idParam),
    async (c) => {
      const { db, user } = c.var
      const read = await readPerson(db, user.id, c.req.valid('param').id, Date.now())
      requireTheirs(read?.person)
      if (!read) throw new ApiError('not_found')
      return c.json({
        ...personView(read.person),
        sessions: read.sessions.map(({ name, userAgent, createdAt, lastUsedAt }) => ({
          id: name,
          device: userAgent,
          created: new Date(createdAt).toISOString(),
          last_used: new Date(lastUsedAt).toISOString(),
        })),
        entries: read.entries.map(entryView),
      })
    },
  )

  .patch(
    '/:id{[0-9]+}',
    describe({
      id: 'setRole',
      summary: 'Grant or remove another person’s role',
      description: 'For admins only.',
      answers: { 200: personAnswer },
      errors: ['permission_denied', 'not_found'],
    }),
    requireUser,
    requireStaff('admin'),
    inPath(idParam),
    staffBody(personPatch),
    async (c) => {
      const { db, user } = c.var
      const { id } = c.req.valid('param')
      const { role } = c.req.valid('json')
      if (id === user.id) {
        // Runs the batch's role check, so that only admins learn anything else.
        await db.batch([])
        throw new ApiError('permission_denied')
      }
      const person = await setRole(db, user.id, { id, role, now: Date.now() })
      if (!person) throw new ApiError('not_found')
      return c.json(personView(person))
    },
  )

  .delete(
    '/:id{[0-9]+}/sessions',
    describe({
      id: 'signOutPerson',
      summary: 'Sign somebody out everywhere',
      answers: { 204: null },
      errors: ['permission_denied', 'not_found'],
    }),
    requireUser,
    staff,
    inPath(idParam),
    async (c) => {
      const { db, user } = c.var
      const { id } = c.req.valid('param')
      requireTheirs(await signOut(db, user.id, { id, now: Date.now() }))
      c.set('endedSessions', { userId: id, except: undefined })
      return c.body(null, 204)
    },
  )

  .delete(
    // The complete name: a prefix would match every session that begins with it.
    '/:id{[0-9]+}/sessions/:session{[0-9a-f]{16}}',
    describe({
      id: 'signOutPersonOnce',
      summary: 'End one session of somebody',
      answers: { 204: null },
      errors: ['permission_denied', 'not_found'],
    }),
    requireUser,
    staff,
    inPath(sessionParam),
    async (c) => {
      const { db, user } = c.var
      const { id, session } = c.req.valid('param')
      const { ended } = requireTheirs(await signOut(db, user.id, { id, session, now: Date.now() }))
      if (ended === 0) throw new ApiError('not_found')
      c.set('endedSessions', { userId: id, session })
      return c.body(null, 204)
    },
  )
