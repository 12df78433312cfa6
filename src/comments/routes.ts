/** `/comments` */

import { requireUser } from '../auth/credentials'
import { Closed, ForeignKeyViolation } from '../db/errors'
import { body } from '../http/body'
import { describe } from '../http/describe'
import type { AppEnv, RequestContext } from '../http/env'
import { ApiError, type FieldErrors, ValidationError } from '../http/errors'
import { noSuchPk, pk } from '../http/fields'
import { idFilters } from '../http/filters'
import { Hono } from '../http/hono'
import { createOnce } from '../http/idempotency'
import { changeOf, deleteOwn, type OwnContext, ownBody, requireOwn } from '../http/ownership'
import { answerPage, pageOf } from '../http/paging'
import { idParam, inPath, inQuery } from '../http/params'
import { imageUrls } from '../images/url'
import {
  createComment,
  findComment,
  listComments,
  NEWEST_COMMENTS,
  OWN_COMMENT,
  postExists,
  updateComment,
} from './queries'
import {
  COMMENT_LIMITS,
  commentAnswer,
  commentBody,
  commentListQuery,
  commentPatch,
  commentPut,
} from './schemas'
import { commentView } from './view'

export const commentRoutes = new Hono<AppEnv>()
  .get(
    '/',
    describe({
      id: 'listComments',
      summary: 'Comments, newest first',
      answers: { 200: pageOf(commentAnswer) },
    }),
    inQuery(commentListQuery),
    async (c) => {
      const query = c.req.valid('query')
      const { ids, check } = idFilters(query, ['post'])
      const page = await answerPage(c, query, {
        order: NEWEST_COMMENTS,
        isCountKept: true,
        price: { shown: 3, skipped: 3, hidden: 3 },
        filter: ids,
        load: async (page) => {
          const found = await listComments(c.var.db, c.var.viewer?.id, ids.post, page)
          check(() => found.postExists)
          return found
        },
        view: viewer(c),
      })
      return c.json(page)
    },
  )

  .post(
    '/',
    describe({
      id: 'createComment',
      summary: 'Comment on a post',
      answers: { 201: commentAnswer },
      isIdempotent: true,
    }),
    requireUser,
    body(commentBody, { ...COMMENT_LIMITS, before: collectUnknownPost }),
    async (c) => {
      const { post: postId, content } = c.req.valid('json')
      try {
        const comment = await createOnce(c, { limit: 'comments', given: { content } }, (creation) =>
          createComment(c.var.db, c.var.user.id, { postId, content }, creation),
        )
        // Relative times as of its creation, so that a repeated request gets the same answer.
        return c.json(viewer(c, comment.createdAt)(comment), 201)
      } catch (error) {
        if (error instanceof Closed)
          throw new ValidationError({ post: ['Comments on this post are closed.'] })
        if (error instanceof ForeignKeyViolation) throw new ValidationError({ post: [noSuchPk(postId)] })
        throw error
      }
    },
  )

  .get(
    '/:id{[0-9]+}',
    describe({
      id: 'getComment',
      summary: 'A comment',
      answers: { 200: commentAnswer },
      errors: ['not_found'],
    }),
    inPath(idParam),
    async (c) => {
      const comment = await findComment(c.var.db, c.var.viewer?.id, c.req.valid('param').id)
      if (!comment) throw new ApiError('not_found')
      return c.json(viewer(c)(comment))
    },
  )

  .put(
    '/:id{[0-9]+}',
    describe({
      id: 'replaceComment',
      summary: 'Change a comment',
      answers: { 200: commentAnswer },
      errors: ['permission_denied', 'not_found'],
    }),
    requireUser,
    ownBody(OWN_COMMENT, commentPut, COMMENT_LIMITS),
    async (c) => c.json(await update(c, c.req.valid('json').content)),
  )

  .patch(
    '/:id{[0-9]+}',
    describe({
      id: 'updateComment',
      summary: 'Change some fields of a comment',
      answers: { 200: commentAnswer },
      errors: ['permission_denied', 'not_found'],
    }),
    requireUser,
    ownBody(OWN_COMMENT, commentPatch, COMMENT_LIMITS),
    async (c) => c.json(await update(c, c.req.valid('json').content)),
  )

  .delete(
    '/:id{[0-9]+}',
    describe({
      id: 'deleteComment',
      summary: 'Delete a comment',
      description: 'Your own comment, or any comment on your own post.',
      answers: { 204: null },
      errors: ['permission_denied', 'not_found'],
    }),
    requireUser,
    inPath(idParam),
    async (c) => {
      await deleteOwn(c, OWN_COMMENT)
      return c.body(null, 204)
    },
  )

const viewer = (c: RequestContext, now = Date.now()) => {
  const context = { viewerId: c.var.viewer?.id, urls: imageUrls(c), now }
  return (comment: Parameters<typeof commentView>[0]) => commentView(comment, context)
}

async function update(c: OwnContext, content: string | undefined) {
  const { db, user } = c.var
  const comment = await updateComment(db, user.id, c.req.valid('param').id, content, changeOf(c))
  return viewer(c)(requireOwn(comment, user.id))
}

/** Adds the error for an unknown post to a body that has other errors. */
async function collectUnknownPost(c: RequestContext, fields: Record<string, unknown>, errors: FieldErrors) {
  const post = errors.post ? undefined : pk().safeParse(fields.post).data
  if (post !== undefined && !(await postExists(c.var.db, c.var.viewer?.id, post)))
    errors.post = [noSuchPk(post)]
}
