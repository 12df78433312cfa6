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
        'Notifications of one kind about one post are grouped, with their number (`count`) and at most three of the people; seen and unseen ones are grouped separately. `id` is that of the newest, for `seen/`; it changes when another is added to the group. Likes appear after a minute. A page checks at most 200 notifications: it may have fewer results than `page_size`, or none, and `next` continues. Notifications are kept for 90 days.',
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
        'Marks all notifications up to the id `up_to` that have appeared so far. Returns the remaining unread counts.',
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
      summary: 'Unread counts',
      description: `Counts unseen notifications among the newest ${UNREAD_LIMIT}: ${UNREAD_LIMIT} means that many or more. Also counts unread messages, except from people you mute or cannot see, and pending follow requests.`,
      answers: { 200: unreadAnswer },
    }),
    requireUser,
    async (c) => c.json(await countUnread(c.var.db, c.var.user.id)),
  )
