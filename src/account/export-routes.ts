/** `GET /export/`: everything that a user has, to take along. */

import * as z from 'zod/mini'
import { requireUser } from '../auth/credentials'
import { describe } from '../http/describe'
import type { AppEnv } from '../http/env'
import { ApiError, ValidationError } from '../http/errors'
import { Hono } from '../http/hono'
import { inQuery, queryParam } from '../http/params'
import { zip } from '../http/zip'
import { exportEntries, readPlace, START } from './export'
import { beginExport, continueExport, EVERY_MS } from './export-queries'

const exportQuery = z.object({
  part: queryParam(
    'The `next` of the previous part, within a day of the first part; `account` for the first part.',
  ),
})

export const exportRoutes = new Hono<AppEnv>().get(
  '/',
  describe({
    id: 'exportAccount',
    summary: 'All data of the signed-in user, as a zip file',
    description:
      'JSON files and images, as docs/export.md describes them. Large exports have several parts: the entry `part-….json` names the `next` one. An export can be started once an hour.',
    answers: { 200: 'application/zip' },
    errors: ['throttled'],
  }),
  requireUser,
  inQuery(exportQuery),
  async (c) => {
    const { db, user } = c.var
    const { part } = c.req.valid('query')
    const place = part ? readPlace(part) : START
    if (!place) throw new ValidationError({ part: ['Invalid part.'] })
    const isAllowed = await (part ? continueExport : beginExport)(db, user.id, Date.now())
    if (!isAllowed) {
      const seconds = EVERY_MS / 1000
      throw new ApiError('throttled', {
        detail: `Request was throttled. Expected available in ${seconds} seconds.`,
        headers: { 'retry-after': String(seconds) },
      })
    }
    const chunks = zip(exportEntries(db, c.env, user.id, place))
    // Reads each entry only when it can be sent.
    const stream = new ReadableStream<Uint8Array>({
      async pull(controller) {
        const { done, value } = await chunks.next()
        if (done) controller.close()
        else controller.enqueue(value)
      },
      async cancel() {
        await chunks.return(undefined)
      },
    })
    return new Response(stream, {
      headers: {
        'content-type': 'application/zip',
        'content-disposition': `attachment; filename="export-${user.id}-${place.join('-')}.zip"`,
      },
    })
  },
)
