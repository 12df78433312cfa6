/** `/media`: public images. The content behind a URL never changes. */

import { openDb } from '../db/client'
import { asset } from '../http/assets'
import { describe } from '../http/describe'
import type { AppEnv } from '../http/env'
import { ApiError } from '../http/errors'
import { Hono } from '../http/hono'
import { inQuery } from '../http/params'
import { IMAGE_ANSWERS, serveImage } from './serve'
import { findGeneration, findPublicImage } from './store'
import { variantQuery } from './variant'

const YEAR = 'public, max-age=31536000, immutable'
export const mediaRoutes = new Hono<AppEnv>()
  .get(
    '/images/:file',
    describe({
      id: 'getDefaultImage',
      summary: 'A default image',
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
        'The image of a post or profile. The content behind a URL never changes. Supports ranges and ETags. Images that only messages show are not found here.',
      answers: IMAGE_ANSWERS,
      errors: ['not_found', 'unavailable'],
    }),
    inQuery(variantQuery),
    async (c) => {
      const hash = c.req.param('hash')
      const found = findPublicImage(c.var.db, hash)
      const generationOf = async () => (await found).generation ?? findGeneration(c.var.db, hash)
      // A replica may not have received the row yet.
      const isPublic = async () =>
        (await found).isPublic || (await findPublicImage(openDb(c.env.DB, { primary: true }), hash)).isPublic
      const served = serveImage(c, { hash, cacheControl: YEAR, generationOf, mayMake: isPublic })
      const [, image] = await Promise.all([found, served])
      if (await isPublic()) return image
      await image.body?.cancel()
      throw new ApiError('not_found')
    },
  )
