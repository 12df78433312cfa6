/** `/likes` */

import { requireUser } from '../auth/credentials'
import { ForeignKeyViolation, UniqueViolation } from '../db/errors'
import { body } from '../http/body'
import { describe } from '../http/describe'
import type { AppEnv } from '../http/env'
import { ApiError, ValidationError } from '../http/errors'
import { noSuchPk } from '../http/fields'
import { idFilters } from '../http/filters'
import { Hono } from '../http/hono'
import { createOnce } from '../http/idempotency'
import { deleteOwn } from '../http/ownership'
import { answerPage, pageOf } from '../http/paging'
import { idParam, inPath, inQuery } from '../http/params'
import { createLike, findLike, listLikes, NEWEST_LIKES, OWN_LIKE } from './queries'
import { likeAnswer, likeBody, likeListQuery } from './schemas'
import { likeView } from './view'

export const likeRoutes = new Hono<AppEnv>()
  .get(
    '/',
    describe({ id: 'listLikes', summary: 'Likes, newest first', answers: { 200: pageOf(likeAnswer) } }),
    inQuery(likeListQuery),
    async (c) => {
      const query = c.req.valid('query')
      const { ids, check } = idFilters(query, ['post', 'owner'])
      const page = await answerPage(c, query, {
        order: NEWEST_LIKES,
        filter: ids,
        isCountKept: true,
        price: { shown: 3, skipped: 3, hidden: 3 },
        load: async (slice) => {
          const found = await listLikes(c.var.db, c.var.viewer?.id, ids, slice)
          check((_id, name) => found.exists[name])
          return found
        },
        view: likeView,
      })
      return c.json(page)
    },
  )

  .post(
    '/',
    describe({
      id: 'createLike',
      summary: 'Like a post',
      answers: { 201: likeAnswer },
      errors: ['duplicate'],
      isIdempotent: true,
    }),
    requireUser,
    body(likeBody),
    async (c) => {
      const { post } = c.req.valid('json')
      try {
        const like = await createOnce(c, { limit: 'likes' }, (creation) =>
          createLike(c.var.db, c.var.user.id, post, creation),
        )
        return c.json(likeView(like), 201)
      } catch (error) {
        if (error instanceof UniqueViolation) throw new ApiError('duplicate')
        if (error instanceof ForeignKeyViolation) throw new ValidationError({ post: [noSuchPk(post)] })
        throw error
      }
    },
  )

  .get(
    '/:id{[0-9]+}',
    describe({ id: 'getLike', summary: 'A like', answers: { 200: likeAnswer }, errors: ['not_found'] }),
    inPath(idParam),
    async (c) => {
      const like = await findLike(c.var.db, c.var.viewer?.id, c.req.valid('param').id)
      if (!like) throw new ApiError('not_found')
      return c.json(likeView(like))
    },
  )

  .delete(
    '/:id{[0-9]+}',
    describe({
      id: 'deleteLike',
      summary: 'Remove a like',
      answers: { 204: null },
      errors: ['permission_denied', 'not_found'],
    }),
    requireUser,
    inPath(idParam),
    async (c) => {
      await deleteOwn(c, OWN_LIKE)
      return c.body(null, 204)
    },
  )
