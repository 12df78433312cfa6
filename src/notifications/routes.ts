/** `/notifications` */

import { requireUser } from '../auth/credentials'
import { body } from '../http/body'
import { readCursor, writeCursor } from '../http/cursor'
import { describe } from '../http/describe'
import type { AppEnv } from '../http/env'
import { Hono } from '../http/hono'
import { changeOf } from '../http/ownership'
import { pageLink, pageSize } from '../http/page-links'
import { inQuery } from '../http/params'
import { imageUrls } from '../images/url'
import { countUnread, listNotifications, markSeen, NEWEST_NOTIFICATIONS, UNREAD_LIMIT } from './queries'
import { notificationListQuery, notificationPage, seenBody } from './schemas'
import { unreadAnswer } from './shared/answer-schemas'
import { grouped } from './shared/group-view'
import { notificationView } from './shared/view'

const SIZES = { standard: 20, max: 100 }

export const notificationRoutes = new Hono<AppEnv>()
  .get(
    '/',
    describe({
      id: 'listNotifications',
      summary: 'Notifications, newest first',
      description:
        'Those of one kind about one post are one on a page, with how many they are (`count`) and three of those who did it at most; seen ones are apart from those that are not. `id` is that of the newest, for `seen/`; it changes when another joins. Likes appear after a minute. A page looks at 200 notifications at most: it may be shorter than its size, even empty, and `next` goes on. They are kept for 90 days.',
      answers: { 200: notificationPage },
    }),
    requireUser,
    inQuery(notificationListQuery),
    async (c) => {
      const { cursor = '', page_size } = c.req.valid('query')
      const { after } = readCursor(cursor, NEWEST_NOTIFICATIONS, undefined)
      const { rows, seen } = await listNotifications(c.var.db, c.var.user.id, after)
      const { groups, end } = grouped(rows, seen, pageSize(page_size, SIZES))
      const next =
        end && pageLink(c, { cursor: writeCursor(NEWEST_NOTIFICATIONS, undefined, 0, [end], false) })
      const urls = imageUrls(c)
      return c.json({
        next: next ?? null,
        previous: null,
        results: groups.map((group) => notificationView(group, urls)),
      })
    },
  )

  .post(
    '/seen',
    describe({
      id: 'markNotificationsSeen',
      summary: 'Mark notifications as seen',
      description:
        'All up to the one with the id `up_to`, of those that have appeared by now. Answers with what is left.',
      answers: { 200: unreadAnswer },
    }),
    requireUser,
    body(seenBody),
    async (c) =>
      c.json(await markSeen(c.var.db, c.var.user.id, c.req.valid('json').up_to, changeOf(c, 'settings'))),
  )

  .get(
    '/unread',
    describe({
      id: 'countUnread',
      summary: 'How much is unread',
      description: `Of notifications, those among the newest ${UNREAD_LIMIT} that were not seen: ${UNREAD_LIMIT} stands for that many or more. Of messages, all of people whom one sees and does not mute; of requests to follow, those that wait.`,
      answers: { 200: unreadAnswer },
    }),
    requireUser,
    async (c) => c.json(await countUnread(c.var.db, c.var.user.id)),
  )
