/** `/moderation/log`: every action, with who did it and why. */

import { requireUser } from '../auth/credentials'
import { requireStaff } from '../auth/staff'
import { describe } from '../http/describe'
import type { AppEnv } from '../http/env'
import { Hono } from '../http/hono'
import { answerPage, pageOf, pageQuery } from '../http/paging'
import { inQuery } from '../http/params'
import { entryAnswer } from './entry-schemas'
import { listEntries, NEWEST_ENTRIES } from './log-queries'
import { entryView } from './view'

export const logRoutes = new Hono<AppEnv>().get(
  '/',
  describe({
    id: 'listModerationLog',
    summary: 'The moderation log, newest first',
    description: 'The log is append-only.',
    answers: { 200: pageOf(entryAnswer) },
    errors: ['permission_denied'],
  }),
  requireUser,
  requireStaff('moderator'),
  inQuery(pageQuery),
  async (c) => {
    const page = await answerPage(c, c.req.valid('query'), {
      order: NEWEST_ENTRIES,
      isCountKept: true,
      price: { shown: 3, skipped: 3 },
      load: (page) => listEntries(c.var.db, page),
      view: entryView,
    })
    return c.json(page)
  },
)
