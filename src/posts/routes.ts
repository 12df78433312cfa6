/** `/posts` */

import { Hono } from 'hono'
import type * as z from 'zod'
import { requireUser } from '../auth/credentials'
import { ownerOf } from '../db/owned'
import { posts } from '../db/schema'
import { body } from '../http/body'
import { describe } from '../http/describe'
import type { AppEnv, RequestContext, UserContext } from '../http/env'
import { ApiError } from '../http/errors'
import { idempotencyKey, once } from '../http/idempotency'
import { checkOwner } from '../http/ownership'
import { answerPage, pageOf } from '../http/paging'
import { idParam, inPath, inQuery } from '../http/params'
import { deleteLater, withPicture } from '../images/attach'
import { pictureUrls } from '../images/url'
import { listPosts } from './list'
import { postListing } from './listing'
import { createPost, deletePost, findPost, updatePost } from './queries'
import { postAnswer, postBody, postListQuery, postPatch, postPut } from './schemas'
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
      const { filter, order, orderName, check } = postListing(query)
      const viewerId = c.var.viewer?.id
      const urls = pictureUrls(c)
      const page = await answerPage(c, query, {
        order: orderName,
        load: async (window) => check(await listPosts(c.var.db, viewerId, filter, order, window)),
        keyOf: ({ id, sortKey }) => [sortKey, id],
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
    body(postBody),
    async (c) => {
      const { title, content, image, image_filter: imageFilter } = c.req.valid('json')
      const { db, user } = c.var
      const key = await idempotencyKey(c)
      const post = await once(c, key, () =>
        withPicture(c, image, (hash) =>
          createPost(db, user.id, { title, content, imageFilter }, { image: hash, key, now: Date.now() }),
        ),
      )
      if (!post) throw new Error('an insert left no row')
      return c.json(postView(post, user.id, pictureUrls(c)), 201)
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
      return c.json(postView(post, viewerId, pictureUrls(c)))
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
    inPath(idParam),
    body(postPut, { before: requireOwner }),
    async (c) => {
      return c.json(await update(c, c.req.valid('param').id, c.req.valid('json')))
    },
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
    inPath(idParam),
    body(postPatch, { before: requireOwner }),
    async (c) => {
      return c.json(await update(c, c.req.valid('param').id, c.req.valid('json')))
    },
  )

  .delete(
    '/:id{[0-9]+}',
    describe({
      id: 'deletePost',
      summary: 'Delete a post, its likes and comments',
      answers: { 204: null },
      errors: ['permission_denied', 'not_found'],
    }),
    requireUser,
    inPath(idParam),
    async (c) => {
      const { db, user } = c.var
      const { ownerId, marked } = await deletePost(db, user.id, c.req.valid('param').id, Date.now())
      deleteLater(c, marked)
      checkOwner(ownerId, user.id)
      return c.body(null, 204)
    },
  )

async function update(c: UserContext, id: number, changes: z.output<typeof postPatch>) {
  const { db, user } = c.var
  const { image, image_filter: imageFilter, ...fields } = changes
  const { post, marked } = await withPicture(c, image, (hash) =>
    updatePost(db, user.id, id, { ...fields, imageFilter }, hash, Date.now()),
  )
  deleteLater(c, marked)
  checkOwner(post?.ownerId, user.id)
  if (!post) throw new ApiError('not_found')
  return postView(post, user.id, pictureUrls(c))
}

/** Whose post it is comes before what is wrong with the body. */
async function requireOwner(c: RequestContext) {
  checkOwner(await ownerOf(c.var.db, posts, Number(c.req.param('id'))), c.var.viewer?.id)
}
