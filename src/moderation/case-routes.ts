/** `/moderation/cases`: for staff. */

import { requireUser } from '../auth/credentials'
import { requireStaff, staffBody } from '../auth/staff'
import { describe } from '../http/describe'
import type { AppEnv } from '../http/env'
import { ApiError, ValidationError } from '../http/errors'
import { noSuchPk, REQUIRED } from '../http/fields'
import { choiceFilters } from '../http/filters'
import { Hono } from '../http/hono'
import { answerPage, pageOf } from '../http/paging'
import { idParam, inPath, inQuery } from '../http/params'
import { imageUrls } from '../images/url'
import { act, ownEntry } from './action-queries'
import { type CaseRow, findCase, listCases, moveCase, OLDEST_CASES, openCase } from './case-queries'
import { actionBody, caseAnswer, caseBody, caseDetailAnswer, caseListQuery, casePatch } from './case-schemas'
import { readCase } from './detail-queries'
import { entryAnswer } from './entry-schemas'
import { subjectOf } from './subject'
import { caseDetailView, caseView, entryView } from './view'
import {
  CASE_KINDS,
  CASE_STATES,
  ERASED_AFTER_DAYS,
  isFor,
  isOfMessages,
  MAX_SUSPENSION_DAYS,
  SIGNS_OUT,
} from './vocabulary'

const staff = requireStaff('moderator')

/** The case, if it exists and the user may judge it. */
function requireTheirs<Row extends CaseRow & { isFor: number }>(row: Row | undefined): Row {
  if (!row) throw new ApiError('not_found')
  if (row.isFor !== 1) throw new ApiError('permission_denied')
  return row
}

/** 400 unless the time is in the future and within `MAX_SUSPENSION_DAYS`. */
function suspendedUntil(until: string | undefined, now: number): number {
  if (until === undefined) throw new ValidationError({ until: [REQUIRED] })
  const time = Date.parse(until)
  if (time > now && time <= now + MAX_SUSPENSION_DAYS * 86_400_000) return time
  throw new ValidationError({ until: [`It has to be in the next ${MAX_SUSPENSION_DAYS} days.`] })
}

export const caseRoutes = new Hono<AppEnv>()
  .get(
    '/',
    describe({
      id: 'listCases',
      summary: 'Cases, oldest first',
      description:
        'Only cases that you may handle: nobody handles cases about themselves, and only admins handle cases about staff.',
      answers: { 200: pageOf(caseAnswer) },
      errors: ['permission_denied'],
    }),
    requireUser,
    staff,
    inQuery(caseListQuery),
    async (c) => {
      const query = c.req.valid('query')
      const { db, user } = c.var
      const { values, check } = choiceFilters(query, { state: CASE_STATES, kind: CASE_KINDS })
      const filter = { state: values.state ?? ('open' as const), kind: values.kind }
      const page = await answerPage(c, query, {
        order: OLDEST_CASES,
        filter,
        isCountKept: false,
        price: { shown: 3, skipped: 3, hidden: 3, counting: 1_000 },
        load: async (page) => {
          const found = await listCases(db, user.id, filter, page)
          check()
          return found
        },
        view: caseView,
      })
      return c.json(page)
    },
  )

  .post(
    '/',
    describe({
      id: 'openCase',
      summary: 'Open a case without a report',
      description:
        'Takes one of `post`, `comment` and `profile`, including those that only followers see. Opening a case is recorded in the log; a case that is already open is returned.',
      answers: { 200: caseAnswer },
      errors: ['permission_denied'],
    }),
    requireUser,
    staff,
    staffBody(caseBody),
    async (c) => {
      const subject = subjectOf(c.req.valid('json'))
      const { db, user } = c.var
      const opened = await openCase(db, user.id, subject, Date.now())
      if (!opened) throw new ValidationError({ [subject.kind]: [noSuchPk(subject.id)] })
      if (!opened.row) throw new ApiError('permission_denied')
      return c.json(caseView(opened.row))
    },
  )

  .get(
    '/:id{[0-9]+}',
    describe({
      id: 'getCase',
      summary: 'A case with everything needed to judge it',
      description:
        'Each reading of messages, or of what a private account reserves for its followers, is recorded in the log.',
      answers: { 200: caseDetailAnswer },
      errors: ['permission_denied', 'not_found'],
    }),
    requireUser,
    staff,
    inPath(idParam),
    async (c) => {
      const { db, user } = c.var
      const { id } = c.req.valid('param')
      const read = await readCase(db, user.id, id, Date.now())
      requireTheirs(read?.case)
      if (!read) throw new ApiError('not_found')
      return c.json(caseDetailView(read, imageUrls(c), `${new URL(c.req.url).origin}/moderation/cases/${id}`))
    },
  )

  .patch(
    '/:id{[0-9]+}',
    describe({
      id: 'moveCase',
      summary: 'Claim, release or close a case',
      description: 'Closing it answers its appeals.',
      answers: { 200: caseAnswer },
      errors: ['permission_denied', 'not_found'],
    }),
    requireUser,
    staff,
    inPath(idParam),
    staffBody(casePatch),
    async (c) => {
      const { db, user } = c.var
      const { state } = c.req.valid('json')
      const moved = await moveCase(db, user.id, { id: c.req.valid('param').id, state, now: Date.now() })
      return c.json(caseView(requireTheirs(moved)))
    },
  )

  .post(
    '/:id{[0-9]+}/actions',
    describe({
      id: 'actOnCase',
      summary: 'Take an action on a case',
      description:
        'The action is recorded in the log, and the user concerned gets the text. Each action can be undone by another.',
      answers: { 201: entryAnswer },
      errors: ['permission_denied', 'not_found'],
    }),
    requireUser,
    staff,
    inPath(idParam),
    staffBody(actionBody),
    async (c) => {
      const { db, user } = c.var
      const deed = c.req.valid('json')
      const now = Date.now()
      const found = requireTheirs(await findCase(db, user.id, c.req.valid('param').id))
      if (!isFor(deed.action, found.kind))
        throw new ValidationError({ action: [`That is not done to a ${found.kind}.`] })
      const until = deed.action === 'suspend' ? suspendedUntil(deed.until, now) : undefined
      if (found.kind === 'message' && isOfMessages(deed.action)) {
        const { userA, userB, id: caseId, subjectId: messageId } = found
        const { action, reason, text } = deed
        const eraseAt = action === 'delete' ? now + ERASED_AFTER_DAYS * 86_400_000 : undefined
        const isDone =
          userA !== null &&
          userB !== null &&
          (await c.var.moderateMessage(c, [userA, userB], {
            ...{ action, caseId, messageId, reason, text, eraseAt, now },
          }))
        if (!isDone) throw new ValidationError({ action: ['There is no such message any more.'] })
        const entry = await ownEntry(db, user.id, caseId)
        if (!entry) throw new ApiError('not_found')
        return c.json(entryView(entry), 201)
      }
      if (SIGNS_OUT.has(deed.action)) c.set('endedSessions', { userId: found.authorId, except: undefined })
      const entry = await act(db, user.id, found, { ...deed, until, now })
      if (!entry) throw new ApiError('not_found')
      return c.json(entryView(entry), 201)
    },
  )
