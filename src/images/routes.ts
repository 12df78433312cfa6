/** `/media`: images that everybody sees, whose names never change content. */

import { openDb } from '../db/client'
import { asset } from '../http/assets'
import { describe } from '../http/describe'
import type { AppEnv } from '../http/env'
import { ApiError } from '../http/errors'
import { Hono } from '../http/hono'
import { IMAGE_ANSWERS, serveImage } from './serve'
import { findGeneration, findPublicImage } from './store'

const YEAR = 'public, max-age=31536000, immutable'
export const mediaRoutes = new Hono<AppEnv>()
  .get(
    '/images/:file',
    describe({
      id: 'getDefaultImage',
      summary: 'An image that stands in for a missing one',
      answers: { 200: 'image/jpeg', 304: null },
      errors: ['not_found'],
    }),
    (c) => asset(c),
  )

  .get(
    '/:hash{[0-9a-f]{64}}',
    describe({
      id: 'getImage',
      summary: 'An image',
      description:
        'Of a post or a profile. Its name never changes content. Knows ranges and ETags. What only messages show is not found here.',
      answers: IMAGE_ANSWERS,
      errors: ['not_found', 'unavailable'],
    }),
    async (c) => {
      const hash = c.req.param('hash')
      const found = findPublicImage(c.var.db, hash)
      const generationOf = async () => (await found).generation ?? findGeneration(c.var.db, hash)
      const [{ isPublic }, image] = await Promise.all([found, serveImage(c, hash, YEAR, generationOf)])
      if (isPublic) return image
      // A replica may not have heard of it yet.
      const primary = openDb(c.env.DB, { primary: true })
      if ((await findPublicImage(primary, hash)).isPublic) return image
      await image.body?.cancel()
      throw new ApiError('not_found')
    },
  )
