/** `/messages`: conversations, as their two people see them. */
import { zValidator } from '@hono/zod-validator'
import { Hono } from 'hono'
import { createMiddleware } from 'hono/factory'
import { requireUser } from '../auth/credentials'
import { fold } from '../db/text'
import { body } from '../http/body'
import type { AppEnv, UserEnv } from '../http/env'
import { ApiError, ValidationError } from '../http/errors'
import { answerPage } from '../http/paging'
import { idParam } from '../http/params'
import { deleteLater, withPicture } from '../images/attach'
import { pictureUrls } from '../images/url'
import { listen } from './listen'
import { change } from './objects'
import { findMessage, listConversations, listThread } from './queries'
import type { MessageRow } from './rows'
import { conversationListQuery, messageBody, readBody, threadQuery } from './schemas'
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
  .get('/', requireUser, zValidator('query', conversationListQuery), async (c) => {
    const { search = '' } = c.req.valid('query')
    const conversations = await listConversations(c.var.db, c.var.user.id, fold(search.trim()))
    const viewer = { urls: pictureUrls(c), now: Date.now() }
    return c.json(conversations.map((conversation) => conversationView(conversation, viewer)))
  })

  .get(
    '/:id{[0-9]+}',
    requireUser,
    zValidator('param', idParam),
    zValidator('query', threadQuery),
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

  .post('/:id{[0-9]+}/send', requireUser, zValidator('param', idParam), body(messageBody), async (c) =>
    c.json(
      await sendMessage(c, c.req.valid('param').id, c.req.valid('json'), {
        toSelf: { detail: ['Cannot send a message to yourself'] },
        toNobody: { detail: ['Recipient not found: User matching query does not exist.'] },
      }),
      201,
    ),
  )

  .post('/:id{[0-9]+}/start', requireUser, zValidator('param', idParam), body(messageBody), async (c) =>
    c.json(
      await sendMessage(c, c.req.valid('param').id, c.req.valid('json'), {
        toSelf: ['Cannot start a chat with yourself.'],
        toNobody: ['Recipient does not exist.'],
      }),
      201,
    ),
  )

  .post('/:id{[0-9]+}/read', requireUser, zValidator('param', idParam), body(readBody), async (c) => {
    const { id: otherId } = c.req.valid('param')
    const { user } = c.var
    if (otherId === user.id) return c.json({ unread_count: 0 })
    const upTo = c.req.valid('json').up_to
    const outcome = await change(c, otherId, { type: 'read', userId: user.id, upTo })
    return c.json({ unread_count: outcome?.unread ?? 0 })
  })

  .get('/:id{[0-9]+}/live', requireUser, zValidator('param', idParam), (c) =>
    listen(c, c.req.valid('param').id),
  )

  .on(
    ['PATCH', 'PUT'],
    '/:id{[0-9]+}/update',
    requireUser,
    zValidator('param', idParam),
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

  .delete('/:id{[0-9]+}/delete', requireUser, zValidator('param', idParam), mayDelete, async (c) => {
    const { message, user } = c.var
    const deleted = await change(c, message.recipientId, {
      type: 'delete',
      userId: user.id,
      messageId: message.id,
    })
    if (!deleted?.event) throw new ApiError('not_found')
    deleteLater(c, deleted.marked)
    return c.body(null, 204)
  })

export const chatRoutes = new Hono<AppEnv>().delete(
  '/:id{[0-9]+}/delete',
  requireUser,
  zValidator('param', idParam),
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
