/** `/users`: the directory of users. */

import * as z from 'zod/mini'
import { requireUser } from '../auth/credentials'
import { describe } from '../http/describe'
import type { AppEnv } from '../http/env'
import { ApiError } from '../http/errors'
import { Hono } from '../http/hono'
import { answerPage, pageOf, pageQuery } from '../http/paging'
import { idParam, inPath, inQuery, queryParam } from '../http/params'
import { findUser, listUsers, type UserSummary, userOrder } from './queries'

const listQuery = z.extend(pageQuery, {
  username: queryParam('Exactly this name, ignoring case.'),
  ordering: queryParam(
    '`id` (the default), `username`, `owner` (the same as `id`), `created_at`; with `-` for descending. Anything else, including `title`, is ignored.',
  ),
})

export const summaryAnswer = z
  .object({ id: z.int(), username: z.string() })
  .register(z.globalRegistry, { id: 'UserSummary' })
const view = ({ id, username }: UserSummary): z.output<typeof summaryAnswer> => ({ id, username })

export const userRoutes = new Hono<AppEnv>()
  .get(
    '/',
    describe({ id: 'listUsers', summary: 'Users by id', answers: { 200: pageOf(summaryAnswer) } }),
    requireUser,
    inQuery(listQuery),
    async (c) => {
      const query = c.req.valid('query')
      // A `+` that was not encoded arrives as a space, which no username contains.
      const username = query.username?.replaceAll(' ', '+')
      const order = userOrder(query.ordering)
      const page = await answerPage(c, query, {
        order,
        filter: username,
        isCountKept: true,
        load: (page) => listUsers(c.var.db, c.var.user.id, username, order, page),
        view,
        price: { shown: 1, skipped: 1, hidden: 2 },
      })
      return c.json(page)
    },
  )

  .get(
    '/:id{[0-9]+}',
    describe({
      id: 'getUserById',
      summary: 'A user',
      answers: { 200: summaryAnswer },
      errors: ['not_found'],
    }),
    requireUser,
    inPath(idParam),
    async (c) => {
      const user = await findUser(c.var.db, c.var.user.id, c.req.valid('param').id)
      if (!user) throw new ApiError('not_found', { detail: 'User not found' })
      return c.json(view(user))
    },
  )
