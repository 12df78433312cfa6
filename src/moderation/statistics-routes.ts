/** `/moderation/statistics` */

import * as z from 'zod/mini'
import { requireUser } from '../auth/credentials'
import { requireStaff } from '../auth/staff'
import { describe } from '../http/describe'
import type { AppEnv } from '../http/env'
import { Hono } from '../http/hono'
import { inQuery, queryParam } from '../http/params'
import { listDays } from './statistics-queries'
import { statisticsView } from './statistics-view'

const MAX_DAYS = 366
const STANDARD_DAYS = 30

const statisticsQuery = z.object({
  days: queryParam(`The number of days up to today: 1 to ${MAX_DAYS}, by default ${STANDARD_DAYS}.`),
})

export const statisticsAnswer = z
  .object({
    days: z.array(
      z.object({ day: z.string(), people: z.int(), posts: z.int(), messages: z.int(), reports: z.int() }),
    ),
  })
  .register(z.globalRegistry, { id: 'Statistics' })

/** Ignores invalid values and clamps large ones, as `page_size` does. */
const daysOf = (text = '') => {
  const days = /^\d+$/.test(text) ? Number(text) : 0
  return days > 0 ? Math.min(days, MAX_DAYS) : STANDARD_DAYS
}

export const statisticsRoutes = new Hono<AppEnv>().get(
  '/',
  describe({
    id: 'getStatistics',
    summary: 'New people, posts, messages and reports per day',
    description: 'By UTC day, oldest first; updated every ten minutes, and including what was deleted since.',
    answers: { 200: statisticsAnswer },
    errors: ['permission_denied'],
  }),
  requireUser,
  requireStaff('moderator'),
  inQuery(statisticsQuery),
  async (c) => {
    const days = daysOf(c.req.valid('query').days)
    return c.json({ days: statisticsView(await listDays(c.var.db, days, Date.now())) })
  },
)
