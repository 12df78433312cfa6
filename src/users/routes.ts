/** `/users`: the directory of accounts. */
import { zValidator } from '@hono/zod-validator'
import { Hono } from 'hono'
import * as z from 'zod'
import { requireUser } from '../auth/credentials'
import type { Window } from '../db/window'
import type { AppEnv } from '../http/env'
import { ApiError } from '../http/errors'
import { answerPage, pageQuery } from '../http/paging'
import { idParam, queryParam } from '../http/params'
import { findUser, listUsers, type UserSummary } from './queries'

const listQuery = pageQuery.extend({ username: queryParam() })

export const summaryAnswer = z.object({ id: z.int(), username: z.string() })
const view = ({ id, username }: UserSummary): z.output<typeof summaryAnswer> => ({ id, username })

export const userRoutes = new Hono<AppEnv>()
  .get('/', requireUser, zValidator('query', listQuery), async (c) => {
    const query = c.req.valid('query')
    // A `+` that was not encoded arrives as a space, which no name has.
    const username = query.username?.replaceAll(' ', '+')
    const load = (window: Window) => listUsers(c.var.db, window, username)
    return c.json(await answerPage(c, query, { order: 'id', load, keyOf: ({ id }) => [id], view }))
  })

  .get('/:id{[0-9]+}', requireUser, zValidator('param', idParam), async (c) => {
    const user = await findUser(c.var.db, c.req.valid('param').id)
    if (!user) throw new ApiError('not_found', { detail: 'User not found' })
    return c.json(view(user))
  })
