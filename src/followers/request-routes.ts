/** `/follow-requests`: requests to follow the user's private account, which `POST /followers/` creates. */

import { requireUser } from '../auth/credentials'
import { describe } from '../http/describe'
import type { AppEnv } from '../http/env'
import { ApiError } from '../http/errors'
import { Hono } from '../http/hono'
import { answerPage, pageOf, pageQuery } from '../http/paging'
import { idParam, inPath, inQuery } from '../http/params'
import { acceptRequest, deleteRequest, listRequests, NEWEST_REQUESTS } from './request-queries'
import { followerAnswer, requestAnswer } from './schemas'
import { followerView, requestView } from './view'

export const requestRoutes = new Hono<AppEnv>()
  .get(
    '/',
    describe({
      id: 'listFollowRequests',
      summary: 'Requests to follow you, newest first',
      answers: { 200: pageOf(requestAnswer) },
    }),
    requireUser,
    inQuery(pageQuery),
    async (c) => {
      const page = await answerPage(c, c.req.valid('query'), {
        order: NEWEST_REQUESTS,
        isCountKept: true,
        price: { shown: 3, skipped: 3, hidden: 3 },
        load: (page) => listRequests(c.var.db, c.var.user.id, page),
        view: requestView,
      })
      return c.json(page)
    },
  )

  .post(
    '/:id{[0-9]+}/accept',
    describe({
      id: 'acceptFollowRequest',
      summary: 'Accept a request to follow you',
      answers: { 200: followerAnswer },
      errors: ['not_found'],
    }),
    requireUser,
    inPath(idParam),
    async (c) => {
      const follower = await acceptRequest(c.var.db, c.var.user.id, c.req.valid('param').id, Date.now())
      if (!follower) throw new ApiError('not_found')
      return c.json(followerView(follower))
    },
  )

  .delete(
    '/:id{[0-9]+}',
    describe({
      id: 'deleteFollowRequest',
      summary: 'Reject a request to follow you, or withdraw your own',
      description: 'For your own request, the other profile’s `follow_request_id` has the id.',
      answers: { 204: null },
      errors: ['not_found'],
    }),
    requireUser,
    inPath(idParam),
    async (c) => {
      if (!(await deleteRequest(c.var.db, c.var.user.id, c.req.valid('param').id)))
        throw new ApiError('not_found')
      return c.body(null, 204)
    },
  )
