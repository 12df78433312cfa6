/** `/reports` */

import { requireUser } from '../auth/credentials'
import { ForeignKeyViolation, UniqueViolation } from '../db/errors'
import { body } from '../http/body'
import { describe } from '../http/describe'
import type { AppEnv } from '../http/env'
import { ApiError, ValidationError } from '../http/errors'
import { noSuchPk } from '../http/fields'
import { Hono } from '../http/hono'
import { createOnce } from '../http/idempotency'
import { createReport } from './report-queries'
import { reportAnswer, reportBody } from './report-schemas'
import { subjectOf } from './subject'
import { reportView } from './view'

export const reportRoutes = new Hono<AppEnv>().post(
  '/',
  describe({
    id: 'createReport',
    summary: 'Report something to the moderators',
    description:
      'Takes one of `post`, `comment`, `message`, `profile` and `conversation` (the other person’s id); each can be reported once. A copy of a reported message is kept for moderators.',
    answers: { 201: reportAnswer },
    errors: ['duplicate'],
    isIdempotent: true,
  }),
  requireUser,
  body(reportBody),
  async (c) => {
    const { category, text = '', ...fields } = c.req.valid('json')
    const subject = subjectOf(fields)
    const { db, user } = c.var
    try {
      if ((subject.kind === 'profile' || subject.kind === 'conversation') && subject.id === user.id)
        throw new ValidationError({ [subject.kind]: ["You can't report yourself."] })
      const report = await createOnce(c, { limit: 'reports', given: { text } }, (creation) =>
        createReport(db, user.id, { subject, category, text }, creation),
      )
      return c.json(reportView(report), 201)
    } catch (error) {
      if (error instanceof UniqueViolation) throw new ApiError('duplicate')
      if (error instanceof ForeignKeyViolation)
        throw new ValidationError({ [subject.kind]: [noSuchPk(subject.id)] })
      throw error
    }
  },
)
