/** `/media`: images, whose names never change content. */

import { Hono } from 'hono'
import { asset } from '../http/assets'
import { describe } from '../http/describe'
import type { AppEnv } from '../http/env'
import { ApiError } from '../http/errors'
import { getImage, StorageUnavailable } from './store'

const YEAR = 'public, max-age=31536000, immutable'
/** Whatever a browser makes of the bytes, it runs nothing. */
const SANDBOX = "default-src 'none'; sandbox"

/** RFC 9110, 13.1.2. */
const ENTITY_TAGS = /^(\*|(W\/)?"[^"]*"(\s*,\s*(W\/)?"[^"]*")*)$/

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
      description: 'Its name never changes content. Knows ranges and ETags.',
      answers: { 200: 'image/*', 206: 'image/*', 304: null, 416: null },
      errors: ['not_found', 'unavailable'],
    }),
    async (c) => {
      const request = c.req.raw
      const object = await getImage(c.env.MEDIA, c.req.param('hash'), {
        onlyIf: condition(request.headers),
        range: request.headers,
      }).catch((error: unknown) => {
        // R2 refuses a range outside of the object.
        if (request.headers.has('range') && /range/i.test(String(error))) return 'unsatisfiable' as const
        throw new StorageUnavailable('get failed')
      })
      if (object === 'unsatisfiable') return new Response(null, { status: 416 })
      if (object === null) throw new ApiError('not_found')

      const headers = new Headers({
        etag: object.httpEtag,
        'cache-control': YEAR,
        'content-security-policy': SANDBOX,
        'cross-origin-resource-policy': 'cross-origin',
        'accept-ranges': 'bytes',
      })
      // A precondition that failed: the client has it already.
      if (!('body' in object)) return new Response(null, { status: 304, headers })
      // The local bucket, unlike R2, answers a range that begins behind the end with everything.
      const first = /^bytes=(\d+)-/.exec(request.headers.get('range') ?? '')?.[1]
      if (first !== undefined && Number(first) >= object.size) {
        await object.body.cancel()
        return new Response(null, { status: 416, headers: { 'content-range': `bytes */${object.size}` } })
      }
      object.writeHttpMetadata(headers)
      const range = request.headers.has('range') ? rangeOf(object) : undefined
      headers.set('content-length', String(range ? range.length : object.size))
      if (!range) return new Response(object.body, { headers })
      headers.set('content-range', `bytes ${range.offset}-${range.offset + range.length - 1}/${object.size}`)
      return new Response(object.body, { status: 206, headers })
    },
  )

/** If-None-Match alone, as images don't change, and only where it can be read: R2 fails on one that can't. */
function condition(headers: Headers): Headers {
  const tags = headers.get('if-none-match') ?? ''
  return new Headers(ENTITY_TAGS.test(tags) ? { 'if-none-match': tags } : {})
}

/** What R2 made of the Range header: where it could not read one it sends everything. */
function rangeOf({ range, size }: R2ObjectBody): { offset: number; length: number } | undefined {
  if (!range) return undefined
  // Not `'suffix' in range`: members without a value are there too.
  const asked: { offset?: number; length?: number; suffix?: number } = range
  const offset = asked.suffix === undefined ? (asked.offset ?? 0) : Math.max(0, size - asked.suffix)
  const length = Math.min(asked.length ?? size - offset, size - offset)
  return length === size ? undefined : { offset, length }
}
