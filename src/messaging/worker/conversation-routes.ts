/** `/messages`, and `/messages/{id}` where the id is the other user's: conversations, as their participants see them. */

import * as z from 'zod/mini'
import { requireUser } from '../../auth/credentials'
import { searchKey } from '../../db/text'
import { fitting } from '../../http/answer-size'
import { detailAnswer } from '../../http/answers'
import { body } from '../../http/body'
import { readCursor, writeCursor } from '../../http/cursor'
import { describe } from '../../http/describe'
import type { AppEnv } from '../../http/env'
import { ApiError } from '../../http/errors'
import { Hono } from '../../http/hono'
import { pageLink, pageSize } from '../../http/page-links'
import { answerPage, pageOf } from '../../http/paging'
import { idParam, inPath, inQuery, requireShort } from '../../http/params'
import { privateImageUrls } from '../../images/private-url'
import type { MessageRow } from '../shared/message-row'
import { MESSAGE_LIMITS, messageAnswer, messageBody } from '../shared/message-schemas'
import { messageView } from '../shared/message-view'
import { NO_RECIPIENT, TO_SELF } from '../shared/refusals'
import { SEND_PATH } from '../shared/send-path'
import { commitChange } from './commit-change'
import { conversationView } from './conversation-view'
import { openConversation } from './open-socket'
import { listConversations, listThread, NEWEST_CONVERSATIONS, OLDEST_MESSAGES } from './queries'
import {
  conversationAnswer,
  conversationListQuery,
  listenQuery,
  readBody,
  threadQuery,
  unreadAnswer,
} from './schemas'
import { sendMessage } from './send-message'
import { threadPage } from './thread-page'

/** Existing clients show only the first page. */
const SIZES = { standard: 500, max: 500 }

export const conversationRoutes = new Hono<AppEnv>()
  .get(
    '/',
    describe({
      id: 'listConversations',
      summary: 'Conversations, newest first',
      description:
        'An array of the newest 500. If there are more, the `link` header has the URL of the next page (`rel="next"`), with a cursor. `id` and `username` are the other person’s.',
      answers: { 200: z.array(conversationAnswer) },
    }),
    requireUser,
    inQuery(conversationListQuery),
    async (c) => {
      const { search, cursor, page_size } = c.req.valid('query')
      const size = pageSize(page_size, SIZES)
      // An unencoded `+` arrives as a space. No username contains spaces.
      const name = searchKey(requireShort('search', search).trim().replaceAll(' ', '+'))
      const { after } = readCursor(cursor ?? '', NEWEST_CONVERSATIONS, name)
      const rows = await listConversations(c.var.db, c.var.user.id, name, { limit: size + 1, after })
      const viewer = { urls: privateImageUrls(c), now: Date.now() }
      const wanted = rows.slice(0, size).map((conversation) => conversationView(conversation, viewer))
      const { results } = fitting(wanted, false)
      const last = rows[results.length - 1]
      if (last && rows.length > results.length) {
        const position = NEWEST_CONVERSATIONS.positionOf(last)
        const next = writeCursor(NEWEST_CONVERSATIONS, name, 0, position, false)
        c.header('link', `<${pageLink(c, { cursor: next })}>; rel="next"`)
      }
      return c.json(results)
    },
  )

  .get(
    '/:id{[0-9]+}',
    describe({
      id: 'listMessages',
      summary: 'Messages with a user, oldest first',
      description: 'The page is empty if the user does not exist or is you.',
      answers: { 200: pageOf(messageAnswer) },
    }),
    requireUser,
    inPath(idParam),
    inQuery(threadQuery),
    async (c) => {
      const query = c.req.valid('query')
      const { id: otherId } = c.req.valid('param')
      const { db, user } = c.var
      const viewer = { viewerId: user.id, urls: privateImageUrls(c), now: Date.now() }
      const view = (message: MessageRow) => messageView(message, viewer)
      const isAround = query.before !== undefined || query.after !== undefined
      if (isAround) return c.json(await threadPage(c, query, otherId, { view, sizes: SIZES }))
      const page = await answerPage(c, query, {
        order: OLDEST_MESSAGES,
        filter: otherId,
        isCountKept: true,
        load: (page) => listThread(db, user.id, otherId, page),
        view,
        sizes: SIZES,
        price: { shown: 3, skipped: 1 },
      })
      return c.json(page)
    },
  )

  .post(
    SEND_PATH,
    describe({
      id: 'sendMessage',
      summary: 'Send a message to a user',
      description: 'Content, an image or both.',
      answers: { 201: messageAnswer },
      isIdempotent: true,
    }),
    requireUser,
    inPath(idParam),
    body(messageBody, MESSAGE_LIMITS),
    async (c) =>
      c.json(
        await sendMessage(c, c.req.valid('param').id, c.req.valid('json'), {
          toSelf: TO_SELF,
          toNobody: NO_RECIPIENT,
        }),
        201,
      ),
  )

  .post(
    '/:id{[0-9]+}/start',
    describe({
      id: 'startConversation',
      summary: 'Start a conversation with a user',
      description: 'Sends the first message. If there is already a conversation, the message is sent there.',
      answers: { 201: messageAnswer },
      isIdempotent: true,
    }),
    requireUser,
    inPath(idParam),
    body(messageBody, MESSAGE_LIMITS),
    async (c) =>
      c.json(
        await sendMessage(c, c.req.valid('param').id, c.req.valid('json'), {
          toSelf: ['Cannot start a chat with yourself.'],
          toNobody: ['Recipient does not exist.'],
        }),
        201,
      ),
  )

  .post(
    '/:id{[0-9]+}/read',
    describe({
      id: 'markRead',
      summary: 'Mark the messages of a user as read',
      answers: { 200: unreadAnswer },
    }),
    requireUser,
    inPath(idParam),
    body(readBody),
    async (c) => {
      const { id: otherId } = c.req.valid('param')
      const { user } = c.var
      if (otherId === user.id) return c.json({ unread_count: 0 })
      const upTo = c.req.valid('json').up_to
      const outcome = await commitChange(c, otherId, { type: 'read', userId: user.id, upTo })
      return c.json({ unread_count: outcome?.unread ?? 0 })
    },
  )

  .get(
    '/:id{[0-9]+}/live',
    describe({
      id: 'listen',
      summary: 'Listen to a conversation',
      description: 'A WebSocket: /asyncapi.json describes its frames.',
      answers: { 101: null },
      errors: ['permission_denied', 'not_found', 'upgrade_required', 'throttled'],
    }),
    requireUser,
    inPath(idParam),
    inQuery(listenQuery),
    (c) => openConversation(c, c.req.valid('param').id, c.req.valid('query').since),
  )

export const chatRoutes = new Hono<AppEnv>().delete(
  '/:id{[0-9]+}/delete',
  describe({
    id: 'deleteConversation',
    summary: 'Delete a conversation, for both people',
    answers: { 200: detailAnswer },
    errors: ['not_found'],
  }),
  requireUser,
  inPath(idParam),
  async (c) => {
    const { id: otherId } = c.req.valid('param')
    const { user } = c.var
    const cleared =
      otherId === user.id ? undefined : await commitChange(c, otherId, { type: 'clear', userId: user.id })
    if (!cleared?.event) throw new ApiError('not_found', { detail: 'Chat not found.' })
    return c.json({ detail: 'Chat deleted successfully.' })
  },
)
