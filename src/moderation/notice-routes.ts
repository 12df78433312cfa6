/** `/moderation/notices`: what moderators did to the user. */

import { requireUser } from '../auth/credentials'
import { ForeignKeyViolation, UniqueViolation } from '../db/errors'
import { body } from '../http/body'
import { describe } from '../http/describe'
import type { AppEnv } from '../http/env'
import { ApiError } from '../http/errors'
import { Hono } from '../http/hono'
import { createOnce } from '../http/idempotency'
import { answerPage, pageOf, pageQuery } from '../http/paging'
import { idParam, inPath, inQuery } from '../http/params'
import { createAppeal, listNotices, NEWEST_NOTICES } from './notice-queries'
import { appealBody, noticeAnswer } from './notice-schemas'
import { noticeView } from './view'

export const noticeRoutes = new Hono<AppEnv>()
  .get(
    '/',
    describe({
      id: 'listNotices',
      summary: 'Moderators’ actions on your account and content, newest first',
      answers: { 200: pageOf(noticeAnswer) },
    }),
    requireUser,
    inQuery(pageQuery),
    async (c) => {
      const { db, user } = c.var
      const page = await answerPage(c, c.req.valid('query'), {
        order: NEWEST_NOTICES,
        isCountKept: false,
        price: { shown: 2, skipped: 2, fixed: 1_000 },
        load: (page) => listNotices(db, user.id, page),
        view: noticeView,
      })
      return c.json(page)
    },
  )

  .post(
    '/:id{[0-9]+}/appeal',
    describe({
      id: 'createAppeal',
      summary: 'Appeal against an action, once',
      answers: { 201: noticeAnswer },
      errors: ['duplicate', 'not_found'],
      isIdempotent: true,
    }),
    requireUser,
    inPath(idParam),
    body(appealBody),
    async (c) => {
      const { id } = c.req.valid('param')
      const { text } = c.req.valid('json')
      try {
        const notice = await createOnce(c, { limit: 'reports', given: { appealText: text } }, (creation) =>
          createAppeal(c.var.db, c.var.user.id, { id, text }, creation),
        )
        return c.json(noticeView(notice), 201)
      } catch (error) {
        if (error instanceof UniqueViolation) throw new ApiError('duplicate')
        if (error instanceof ForeignKeyViolation) throw new ApiError('not_found')
        throw error
      }
    },
  )
