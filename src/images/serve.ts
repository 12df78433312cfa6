/** Answers with an image or a part of it, or with 304 if the client already has it. */
import type { RequestContext } from '../http/env'
import { ApiError } from '../http/errors'
import { parseRange } from './range'
import { findGeneration, getImage, StorageUnavailable, variantKey } from './store'
import { makeVariant, variantWidth } from './variant'

/** Whatever type a browser detects in the bytes, it must not run scripts. */
const SANDBOX = "default-src 'none'; sandbox"

/** RFC 9110, 13.1.2. */
const ENTITY_TAGS = /^(\*|(W\/)?"[^"]*"(\s*,\s*(W\/)?"[^"]*")*)$/

/** The answers of routes that serve images, for their description. */
export const IMAGE_ANSWERS = { 200: 'image/*', 206: 'image/*', 304: null, 416: null } as const

export interface ServedImage {
  hash: string
  cacheControl: string
  /** Returns the image's generation; only called if the image is not stored under its hash. */
  generationOf?: () => Promise<number | undefined>
  /** Whether the viewer may see the image, if that is not known yet: no version is created for others. */
  mayMake?: () => Promise<boolean>
}

/** If a version could not be created, the original is sent but not cached, because the next attempt may succeed. */
const STAND_IN = 'no-cache'

/**
 * Serves the image, or the version that the query requests (`variant.ts`), which is created if it does not exist. Throws `not_found` if the image
 * does not exist, `StorageUnavailable`.
 */
export async function serveImage(c: RequestContext, image: ServedImage): Promise<Response> {
  const { hash, generationOf = () => findGeneration(c.var.db, hash), mayMake = async () => true } = image
  const width = variantWidth(c)
  const original = { ...image, generationOf }
  if (width === undefined) return serveKept(c, original)
  const version = { ...original, width }
  try {
    return await serveKept(c, version)
  } catch (error) {
    if (!(error instanceof ApiError && error.code === 'not_found') || !(await mayMake())) throw error
  }
  try {
    return await serveKept(c, (await makeVariant(c, hash, width)) ? version : original)
  } catch (error) {
    if (error instanceof ApiError) throw error
    console.error(JSON.stringify({ error: 'A smaller image could not be made.', why: String(error) }))
    return serveKept(c, { ...original, cacheControl: STAND_IN })
  }
}

/** Serves what the bucket has, or a part of it. Throws `not_found`, `StorageUnavailable`. */
async function serveKept(
  c: RequestContext,
  { hash, width, cacheControl, generationOf }: Required<Omit<ServedImage, 'mayMake'>> & { width?: number },
): Promise<Response> {
  const { headers: asked, method } = c.req.raw
  // RFC 9110, 14.2: ranges are only defined for GET.
  const image = { hash, width }
  const key = width === undefined ? hash : variantKey(hash, width)
  const asksPart = method !== 'HEAD' && (await isSame(c.env.MEDIA, key, asked.get('if-range')))
  const range = asksPart ? parseRange(asked.get('range') ?? '') : undefined
  const options = { onlyIf: condition(asked), ...(range && { range: range.of }) }
  const object = await getImage(c.env.MEDIA, image, options, generationOf).catch((error: unknown) => {
    // R2 refuses a range outside the object.
    if (range && /range/i.test(String(error))) return 'unsatisfiable' as const
    throw new StorageUnavailable('get failed')
  })
  if (object === 'unsatisfiable') return unsatisfiable((await headOf(c.env.MEDIA, key))?.size)
  if (object === null) throw new ApiError('not_found')

  const headers = new Headers({
    etag: object.httpEtag,
    'cache-control': cacheControl,
    'content-security-policy': SANDBOX,
    'cross-origin-resource-policy': 'cross-origin',
    'accept-ranges': 'bytes',
  })
  // The precondition failed: the client already has the image.
  if (!('body' in object)) return new Response(null, { status: 304, headers })
  const { size, body } = object
  object.writeHttpMetadata(headers)
  if (!range) {
    headers.set('content-length', String(size))
    return new Response(body, { headers })
  }
  const part = range.within(size)
  // Unlike R2, the local bucket returns the whole object for a range that begins after its end.
  if (!part) {
    await body.cancel()
    return unsatisfiable(size)
  }
  headers.set('content-length', String(part.last - part.first + 1))
  headers.set('content-range', `bytes ${part.first}-${part.last}/${size}`)
  return new Response(body, { status: 206, headers })
}

/**
 * If-Range: whether the client's part belongs to the stored object; otherwise it gets the whole object (RFC 9110, 13.1.5). Only strong tags match,
 * and dates are not supported. If the header is sent, which browsers do to resume a download, reads the object's head.
 */
async function isSame(bucket: R2Bucket, key: string, tag: string | null): Promise<boolean> {
  if (tag === null) return true
  return (await headOf(bucket, key))?.httpEtag === tag
}

const headOf = (bucket: R2Bucket, key: string) =>
  bucket.head(key).catch(() => {
    throw new StorageUnavailable('head failed')
  })

/** 416, with the object's size unless it was deleted just now. */
const unsatisfiable = (size: number | undefined) =>
  new Response(null, {
    status: 416,
    headers: size === undefined ? {} : { 'content-range': `bytes */${size}` },
  })

/** Only If-None-Match, because images never change, and only if it is well-formed, because R2 fails otherwise. */
function condition(headers: Headers): Headers {
  const tags = headers.get('if-none-match') ?? ''
  return new Headers(ENTITY_TAGS.test(tags) ? { 'if-none-match': tags } : {})
}
