/** `/moderation/cases/{id}/images/{hash}`: images of messages are private, so the public `/media` does not serve them. */

import * as z from 'zod/mini'
import { requireUser } from '../auth/credentials'
import { requireStaff } from '../auth/staff'
import { describe } from '../http/describe'
import type { AppEnv } from '../http/env'
import { ApiError } from '../http/errors'
import { Hono } from '../http/hono'
import { idParam, inPath } from '../http/params'
import { IMAGE_ANSWERS, serveImage } from '../images/serve'
import { hasImage } from './detail-queries'

const imageParam = z.extend(idParam, { hash: z.string() })

export const caseImageRoutes = new Hono<AppEnv>().get(
  '/:id{[0-9]+}/images/:hash{[0-9a-f]{64}}',
  describe({
    id: 'getCaseImage',
    summary: 'An image from a message in a case',
    description: 'Only images of messages that the case contains, for staff who may handle it.',
    answers: IMAGE_ANSWERS,
    errors: ['permission_denied', 'not_found', 'unavailable'],
  }),
  requireUser,
  requireStaff('moderator'),
  inPath(imageParam),
  async (c) => {
    const { db, user } = c.var
    const { id, hash } = c.req.valid('param')
    if (!(await hasImage(db, user.id, id, hash))) throw new ApiError('not_found')
    return serveImage(c, { hash, cacheControl: 'private, no-store' })
  },
)
