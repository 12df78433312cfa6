/** `/messages`: conversations, as their two people see them. */

import { Hono } from 'hono'
import { createMiddleware } from 'hono/factory'
import * as z from 'zod'
import { requireUser } from '../auth/credentials'
import { fold } from '../db/text'
import { detailAnswer } from '../http/answers'
import { body } from '../http/body'
import { describe } from '../http/describe'
import type { AppEnv, UserEnv } from '../http/env'
import { ApiError, ValidationError } from '../http/errors'
import { answerPage, pageOf } from '../http/paging'
import { idParam, inPath, inQuery } from '../http/params'
import { deleteLater, withPicture } from '../images/attach'
import { pictureUrls } from '../images/url'
import { listen } from './listen'
import { change } from './objects'
import { findMessage, listConversations, listThread } from './queries'
import type { MessageRow } from './rows'
import {
  conversationAnswer,
  conversationListQuery,
  listenQuery,
  messageAnswer,
  messageBody,
  readBody,
  threadQuery,
  unreadAnswer,
} from './schemas'
import { EMPTY, sendMessage } from './send'
import { pageAround } from './thread'
import { conversationView, messageView } from './view'

/** Existing clients show only the first page. */
const SIZES = { standard: 500, max: 500 }

/** The message of the path, which must be the user's own: 404, then 403 in these words. */
const requireSender = (refusal: string) =>
  createMiddleware<{ Variables: UserEnv['Variables'] & { message: MessageRow } }>(async (c, next) => {
    const message = await findMessage(c.var.db, Number(c.req.param('id')))
    if (!message) throw new ApiError('not_found')
    if (message.senderId !== c.var.user.id) throw new ApiError('permission_denied', { detail: refusal })
    c.set('message', message)
    await next()
  })

const mayEdit = requireSender('You do not have permission to edit this message.')
const mayDelete = requireSender('You do not have permission to delete this message.')

export const messageRoutes = new Hono<AppEnv>()
  .get(
    '/',
    describe({
      id: 'listConversations',
      summary: 'Conversations, newest first',
      description: 'All of them, not in pages. `id` and `username` are the other person’s.',
      answers: { 200: z.array(conversationAnswer) },
    }),
    requireUser,
    inQuery(conversationListQuery),
    async (c) => {
      const { search = '' } = c.req.valid('query')
      const conversations = await listConversations(c.var.db, c.var.user.id, fold(search.trim()))
      const viewer = { urls: pictureUrls(c), now: Date.now() }
      return c.json(conversations.map((conversation) => conversationView(conversation, viewer)))
    },
  )

  .get(
    '/:id{[0-9]+}',
    describe({
      id: 'listMessages',
      summary: 'Messages with a user, oldest first',
      description: 'Nobody or oneself: an empty page.',
      answers: { 200: pageOf(messageAnswer) },
    }),
    requireUser,
    inPath(idParam),
    inQuery(threadQuery),
    async (c) => {
      const query = c.req.valid('query')
      const { id: otherId } = c.req.valid('param')
      const { db, user } = c.var
      const viewer = { viewerId: user.id, urls: pictureUrls(c), now: Date.now() }
      const list = {
        order: 'oldest',
        load: (window: Parameters<typeof listThread>[3]) => listThread(db, user.id, otherId, window),
        keyOf: ({ id }: MessageRow) => [id],
        view: (message: MessageRow) => messageView(message, viewer),
        sizes: SIZES,
      }
      const isAround = query.before !== undefined || query.after !== undefined
      return c.json(isAround ? await pageAround(c, query, otherId, list) : await answerPage(c, query, list))
    },
  )

  .post(
    '/:id{[0-9]+}/send',
    describe({
      id: 'sendMessage',
      summary: 'Send a message to a user',
      description: 'Content, an image or both.',
      answers: { 201: messageAnswer },
      isIdempotent: true,
    }),
    requireUser,
    inPath(idParam),
    body(messageBody),
    async (c) =>
      c.json(
        await sendMessage(c, c.req.valid('param').id, c.req.valid('json'), {
          toSelf: { detail: ['Cannot send a message to yourself'] },
          toNobody: { detail: ['Recipient not found: User matching query does not exist.'] },
        }),
        201,
      ),
  )

  .post(
    '/:id{[0-9]+}/start',
    describe({
      id: 'startConversation',
      summary: 'Begin a conversation with a user',
      description: 'With a message; where there is a conversation already it is just sent.',
      answers: { 201: messageAnswer },
      isIdempotent: true,
    }),
    requireUser,
    inPath(idParam),
    body(messageBody),
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
      const outcome = await change(c, otherId, { type: 'read', userId: user.id, upTo })
      return c.json({ unread_count: outcome?.unread ?? 0 })
    },
  )

  .get(
    '/:id{[0-9]+}/live',
    describe({
      id: 'listen',
      summary: 'Listen to a conversation',
      description: 'A WebSocket: /asyncapi.json describes what goes over it.',
      answers: { 101: null },
      errors: ['permission_denied', 'not_found', 'upgrade_required', 'throttled'],
    }),
    requireUser,
    inPath(idParam),
    inQuery(listenQuery),
    (c) => listen(c, c.req.valid('param').id, c.req.valid('query').since),
  )

  .on(
    ['PATCH', 'PUT'],
    '/:id{[0-9]+}/update',
    describe({
      id: 'editMessage',
      summary: 'Edit a message',
      description: 'PATCH and PUT are the same here.',
      answers: { 200: messageAnswer },
      errors: ['permission_denied', 'not_found'],
    }),
    requireUser,
    inPath(idParam),
    mayEdit,
    body(messageBody),
    async (c) => {
      const { content, image: picture } = c.req.valid('json')
      const { message, user } = c.var
      const viewer = { viewerId: user.id, urls: pictureUrls(c), now: Date.now() }
      if (content === undefined && picture === undefined) return c.json(messageView(message, viewer))
      const edited = await withPicture(c, picture ?? undefined, async (hash) => {
        const image = picture === null ? null : hash
        if (!(content ?? message.content) && !(image === undefined ? message.image : image)) {
          throw new ValidationError(EMPTY)
        }
        const { recipientId } = message
        return change(c, recipientId, {
          type: 'edit',
          userId: user.id,
          messageId: message.id,
          content,
          image,
        })
      })
      if (!edited?.message) throw new ApiError('not_found')
      deleteLater(c, edited.marked)
      // Another edit has taken away meanwhile what this one would have kept.
      if (!edited.event) throw new ValidationError(EMPTY)
      return c.json(messageView(edited.message, viewer))
    },
  )

  .delete(
    '/:id{[0-9]+}/delete',
    describe({
      id: 'deleteMessage',
      summary: 'Delete a message',
      answers: { 204: null },
      errors: ['permission_denied', 'not_found'],
    }),
    requireUser,
    inPath(idParam),
    mayDelete,
    async (c) => {
      const { message, user } = c.var
      const deleted = await change(c, message.recipientId, {
        type: 'delete',
        userId: user.id,
        messageId: message.id,
      })
      if (!deleted?.event) throw new ApiError('not_found')
      deleteLater(c, deleted.marked)
      return c.body(null, 204)
    },
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
      otherId === user.id ? undefined : await change(c, otherId, { type: 'clear', userId: user.id })
    if (!cleared?.event) throw new ApiError('not_found', { detail: 'Chat not found.' })
    deleteLater(c, cleared.marked)
    return c.json({ detail: 'Chat deleted successfully.' })
  },
)
