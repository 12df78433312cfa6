/** `/messages`: what somebody does with a message of their own. */
import { Hono } from 'hono'
import { createMiddleware } from 'hono/factory'
import { requireUser } from '../auth/credentials'
import { body } from '../http/body'
import { describe } from '../http/describe'
import type { AppEnv, UserEnv } from '../http/env'
import { ApiError, ValidationError } from '../http/errors'
import { idParam, inPath } from '../http/params'
import { deleteLater, withPicture } from '../images/attach'
import { pictureUrls } from '../images/url'
import { change } from './objects'
import { findMessage } from './queries'
import { EMPTY } from './refusals'
import type { MessageRow } from './rows'
import { messageAnswer, messageBody } from './schemas'
import { messageView } from './view'

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

export const ownMessageRoutes = new Hono<AppEnv>()
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
      // Also where it is refused below: the picture that came with it is not shown then.
      if (edited) deleteLater(c, edited.marked)
      if (!edited?.message) throw new ApiError('not_found')
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
      if (deleted) deleteLater(c, deleted.marked)
      if (!deleted?.event) throw new ApiError('not_found')
      return c.body(null, 204)
    },
  )
