/** `/posts` */

import type * as z from 'zod/mini'
import { requireUser } from '../auth/credentials'
import { markUnreferencedStatement } from '../db/image-leases'
import { body } from '../http/body'
import { camelCased } from '../http/camel-case'
import { describe } from '../http/describe'
import type { AppEnv } from '../http/env'
import { ApiError } from '../http/errors'
import { Hono } from '../http/hono'
import { createOnce } from '../http/idempotency'
import { changeOf, deleteOwn, type OwnContext, ownBody, requireOwn } from '../http/ownership'
import { answerPage, pageOf } from '../http/paging'
import { idParam, inPath, inQuery } from '../http/params'
import { withImage } from '../images/attach'
import { imageUrls } from '../images/url'
import { listPosts, paging } from './list'
import { postListing } from './listing'
import { createPost, findPost, OWN_POST, updatePost } from './queries'
import { POST_LIMITS, postAnswer, postBody, postListQuery, postPatch, postPut } from './schemas'
import { postView } from './view'

export const postRoutes = new Hono<AppEnv>()
  .get(
    '/',
    describe({
      id: 'listPosts',
      summary: 'Posts, newest first',
      description: 'Filters, search and ordering combine.',
      answers: { 200: pageOf(postAnswer) },
    }),
    inQuery(postListQuery),
    async (c) => {
      const query = c.req.valid('query')
      const { filter, order, check } = postListing(query)
      const viewerId = c.var.viewer?.id
      const urls = imageUrls(c)
      const page = await answerPage(c, query, {
        order: order.list,
        filter,
        ...paging(filter, order),
        load: async (slice) => check(await listPosts(c.var.db, viewerId, filter, order, slice)),
        view: (post) => postView(post, viewerId, urls),
      })
      return c.json(page)
    },
  )

  .post(
    '/',
    describe({
      id: 'createPost',
      summary: 'Create a post',
      answers: { 201: postAnswer },
      isIdempotent: true,
    }),
    requireUser,
    body(postBody, POST_LIMITS),
    async (c) => {
      const { image, ...fields } = c.req.valid('json')
      const { db, user } = c.var
      const { content = '', image_alt: imageAlt = '' } = fields
      const post = await createOnce(c, { limit: 'posts', given: { content, imageAlt } }, (creation) =>
        withImage(c, image, (lease) =>
          createPost(db, user.id, camelCased(fields), { ...creation, image: lease }),
        ),
      )
      return c.json(postView(post, user.id, imageUrls(c)), 201)
    },
  )

  .get(
    '/:id{[0-9]+}',
    describe({ id: 'getPost', summary: 'A post', answers: { 200: postAnswer }, errors: ['not_found'] }),
    inPath(idParam),
    async (c) => {
      const viewerId = c.var.viewer?.id
      const post = await findPost(c.var.db, viewerId, c.req.valid('param').id)
      if (!post) throw new ApiError('not_found')
      return c.json(postView(post, viewerId, imageUrls(c)))
    },
  )

  .put(
    '/:id{[0-9]+}',
    describe({
      id: 'replacePost',
      summary: 'Change a post',
      answers: { 200: postAnswer },
      errors: ['permission_denied', 'not_found'],
    }),
    requireUser,
    ownBody(OWN_POST, postPut, POST_LIMITS),
    async (c) => c.json(await update(c, c.req.valid('json'))),
  )

  .patch(
    '/:id{[0-9]+}',
    describe({
      id: 'updatePost',
      summary: 'Change some fields of a post',
      answers: { 200: postAnswer },
      errors: ['permission_denied', 'not_found'],
    }),
    requireUser,
    ownBody(OWN_POST, postPatch, POST_LIMITS),
    async (c) => c.json(await update(c, c.req.valid('json'))),
  )

  .delete(
    '/:id{[0-9]+}',
    describe({
      id: 'deletePost',
      summary: 'Delete a post with its likes and comments',
      answers: { 204: null },
      errors: ['permission_denied', 'not_found'],
    }),
    requireUser,
    inPath(idParam),
    async (c) => {
      await deleteOwn(c, OWN_POST, [markUnreferencedStatement()])
      return c.body(null, 204)
    },
  )

async function update(c: OwnContext, { image, ...fields }: z.output<typeof postPatch>) {
  const { db, user } = c.var
  const own = { id: c.req.valid('param').id, ownerId: user.id }
  const post = await withImage(c, image, (lease) =>
    updatePost(db, own, camelCased(fields), lease, changeOf(c)),
  )
  return postView(requireOwn(post, user.id), user.id, imageUrls(c))
}
