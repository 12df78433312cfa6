/** `/blocks`: the users that a user blocks. Neither can see the other (`db/visibility.ts`). */

import { requireUser } from '../auth/credentials'
import { body } from '../http/body'
import { describe } from '../http/describe'
import type { AppEnv } from '../http/env'
import { ApiError, ValidationError } from '../http/errors'
import { Hono } from '../http/hono'
import { createOnce } from '../http/idempotency'
import { answerPage, pageOf, pageQuery } from '../http/paging'
import { idParam, inPath, inQuery } from '../http/params'
import { addToOwn, BLOCKS, listOwn, newestOf, removeFromOwn } from './list-queries'
import { refusal } from './refusal'
import { blockAnswer, blockBody } from './schemas'
import { blockView } from './view'

const NEWEST_BLOCKS = newestOf(BLOCKS)

export const blockRoutes = new Hono<AppEnv>()
  .get(
    '/',
    describe({
      id: 'listBlocks',
      summary: 'The users you block, newest first',
      answers: { 200: pageOf(blockAnswer) },
    }),
    requireUser,
    inQuery(pageQuery),
    async (c) => {
      const page = await answerPage(c, c.req.valid('query'), {
        order: NEWEST_BLOCKS,
        isCountKept: true,
        price: { shown: 3, skipped: 3, hidden: 3 },
        load: (page) => listOwn(c.var.db, BLOCKS, c.var.user.id, page),
        view: blockView,
      })
      return c.json(page)
    },
  )

  .post(
    '/',
    describe({
      id: 'createBlock',
      summary: 'Block a user',
      description:
        'From then on neither user can see the other, as if they did not exist. Follows between the two end; everything else is restored when the block is deleted.',
      answers: { 201: blockAnswer },
      isIdempotent: true,
    }),
    requireUser,
    body(blockBody),
    async (c) => {
      const { blocked } = c.req.valid('json')
      const { db, user } = c.var
      if (blocked === user.id) throw new ValidationError({ blocked: ["You can't block yourself."] })
      // Set before the write, whose answer may be lost.
      c.set('parted', [user.id, blocked])
      try {
        const block = await createOnce(c, { limit: 'blocks' }, (creation) =>
          addToOwn(db, BLOCKS, user.id, blocked, creation),
        )
        return c.json(blockView(block), 201)
      } catch (error) {
        throw refusal(error, 'blocked', blocked, {
          twice: 'You are already blocking this user.',
          tooMany: 'You are blocking as many users as you may.',
        })
      }
    },
  )

  .delete(
    '/:id{[0-9]+}',
    describe({ id: 'deleteBlock', summary: 'Unblock a user', answers: { 204: null }, errors: ['not_found'] }),
    requireUser,
    inPath(idParam),
    async (c) => {
      if (!(await removeFromOwn(c.var.db, BLOCKS, c.var.user.id, c.req.valid('param').id)))
        throw new ApiError('not_found')
      return c.body(null, 204)
    },
  )
