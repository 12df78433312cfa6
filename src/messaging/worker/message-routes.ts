/** `/messages/{id}`, where the id is a message's: the calls for its sender. */
import type { MiddlewareHandler } from 'hono'
import { requireUser } from '../../auth/credentials'
import { body } from '../../http/body'
import { describe } from '../../http/describe'
import type { AppEnv, UserEnv } from '../../http/env'
import { ApiError, ValidationError } from '../../http/errors'
import { Hono } from '../../http/hono'
import { requireOwn } from '../../http/ownership'
import { idParam, inPath } from '../../http/params'
import { withImage } from '../../images/attach'
import { privateImageUrls } from '../../images/private-url'
import type { MessageRow } from '../shared/message-row'
import { MESSAGE_LIMITS, messageAnswer, messageBody } from '../shared/message-schemas'
import { messageView } from '../shared/message-view'
import { EMPTY_MESSAGE } from '../shared/refusals'
import { commitChange } from './commit-change'
import { findMessage } from './queries'

type RequireSender = MiddlewareHandler<
  { Variables: UserEnv['Variables'] & { message: MessageRow } },
  string,
  { in: { param: { id: string } }; out: { param: { id: number } } }
>

/**
 * Finds the message that the path names. 404 if it does not exist; 403 with this text if it is not the user's own. Runs after `requireUser` and
 * `inPath(idParam)`, and before the body is read: an edit needs the current message anyway.
 */
const requireSender =
  (refusal: string): RequireSender =>
  async (c, next) => {
    const message = await findMessage(c.var.db, c.var.user.id, c.req.valid('param').id)
    c.set('message', requireOwn(message, c.var.user.id, refusal))
    await next()
  }

const mayEdit = requireSender('You do not have permission to edit this message.')
const mayDelete = requireSender('You do not have permission to delete this message.')

export const messageRoutes = new Hono<AppEnv>()
  .on(
    ['PATCH', 'PUT'],
    '/:id{[0-9]+}/update',
    describe({
      id: 'editMessage',
      summary: 'Edit a message',
      description: 'PATCH and PUT do the same.',
      answers: { 200: messageAnswer },
      errors: ['permission_denied', 'not_found'],
    }),
    requireUser,
    inPath(idParam),
    mayEdit,
    body(messageBody, MESSAGE_LIMITS),
    async (c) => {
      const { content, image, image_thumbhash: imageThumbhash } = c.req.valid('json')
      const { message, user } = c.var
      const viewer = { viewerId: user.id, urls: privateImageUrls(c), now: Date.now() }
      if (content === undefined && image === undefined && imageThumbhash === undefined)
        return c.json(messageView(message, viewer))
      const keepsImage = image === undefined ? message.image !== null : image !== null
      if (!(content ?? message.content) && !keepsImage) throw new ValidationError(EMPTY_MESSAGE)
      const edited = await withImage(c, image ?? undefined, (lease) =>
        commitChange(c, message.recipientId, {
          type: 'edit',
          userId: user.id,
          messageId: message.id,
          content,
          image: image === null ? null : lease,
          imageThumbhash,
        }),
      )
      if (!edited?.message) throw new ApiError('not_found')
      // A concurrent edit removed what this one would have kept.
      if (!edited.event) throw new ValidationError(EMPTY_MESSAGE)
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
      const deleted = await commitChange(c, message.recipientId, {
        type: 'delete',
        userId: user.id,
        messageId: message.id,
      })
      if (!deleted?.event) throw new ApiError('not_found')
      return c.body(null, 204)
    },
  )
