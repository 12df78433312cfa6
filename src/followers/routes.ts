/** `/followers` */

import { requireUser } from '../auth/credentials'
import { ForeignKeyViolation, TooMany, UniqueViolation } from '../db/errors'
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
import { createFollower } from './create-queries'
import { findFollower, listFollowers, NEWEST_FOLLOWS, OWN_FOLLOW } from './queries'
import { followerAnswer, followerBody, followerListQuery } from './schemas'
import { followerView } from './view'

/** Existing clients search the first page for the viewer's own follow. */
const SIZES = { standard: 500, max: 500 }

export const followerRoutes = new Hono<AppEnv>()
  .get(
    '/',
    describe({
      id: 'listFollowers',
      summary: 'Follows, newest first',
      answers: { 200: pageOf(followerAnswer) },
    }),
    inQuery(followerListQuery),
    async (c) => {
      const query = c.req.valid('query')
      const { ids, check } = idFilters(query, ['owner', 'followed'])
      const page = await answerPage(c, query, {
        order: NEWEST_FOLLOWS,
        isCountKept: true,
        price: { shown: 3, skipped: 3, hidden: 3 },
        sizes: SIZES,
        filter: ids,
        load: async (page) => {
          const found = await listFollowers(c.var.db, c.var.viewer?.id, ids, page)
          check((id) => found.existing.has(id))
          return found
        },
        view: followerView,
      })
      return c.json(page)
    },
  )

  .post(
    '/',
    describe({
      id: 'createFollower',
      summary: 'Follow a user',
      description:
        'If the account is private, this sends a follow request: `request_id` is its id, and `id` is 0.',
      answers: { 201: followerAnswer },
      isIdempotent: true,
    }),
    requireUser,
    body(followerBody),
    async (c) => {
      const { followed } = c.req.valid('json')
      const { db, user } = c.var
      if (followed === user.id) throw new ValidationError({ followed: ["You can't follow yourself."] })
      try {
        const follower = await createOnce(c, { limit: 'follows' }, (creation) =>
          createFollower(db, user.id, followed, creation),
        )
        return c.json(followerView(follower), 201)
      } catch (error) {
        if (error instanceof UniqueViolation)
          throw new ValidationError({
            followed: [
              error.target.startsWith('follow_requests.')
                ? 'You have already asked to follow this user.'
                : 'You are already following this user.',
            ],
          })
        if (error instanceof TooMany)
          throw new ValidationError({ followed: ['Too many requests wait for this user.'] })
        if (error instanceof ForeignKeyViolation)
          throw new ValidationError({ followed: [noSuchPk(followed)] })
        throw error
      }
    },
  )

  .get(
    '/:id{[0-9]+}',
    describe({
      id: 'getFollower',
      summary: 'A follow',
      answers: { 200: followerAnswer },
      errors: ['not_found'],
    }),
    inPath(idParam),
    async (c) => {
      const follower = await findFollower(c.var.db, c.var.viewer?.id, c.req.valid('param').id)
      if (!follower) throw new ApiError('not_found')
      return c.json(followerView(follower))
    },
  )

  .delete(
    '/:id{[0-9]+}',
    describe({
      id: 'deleteFollower',
      summary: 'Stop following',
      description: 'Allowed for both the follower and the followed user.',
      answers: { 204: null },
      errors: ['permission_denied', 'not_found'],
    }),
    requireUser,
    inPath(idParam),
    async (c) => {
      await deleteOwn(c, OWN_FOLLOW)
      return c.body(null, 204)
    },
  )
