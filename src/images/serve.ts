/** The answer that is an image: its bytes or a part of them, or that the client has it already. */
import type { RequestContext } from '../http/env'
import { ApiError } from '../http/errors'
import { parseRange } from './range'
import { findGeneration, getImage, StorageUnavailable, variantKey } from './store'
import { makeVariant, variantWidth } from './variant'

/** Whatever a browser makes of the bytes, it runs nothing. */
const SANDBOX = "default-src 'none'; sandbox"

/** RFC 9110, 13.1.2. */
const ENTITY_TAGS = /^(\*|(W\/)?"[^"]*"(\s*,\s*(W\/)?"[^"]*")*)$/

/** What routes that serve images say of their answers. */
export const IMAGE_ANSWERS = { 200: 'image/*', 206: 'image/*', 304: null, 416: null } as const

export interface ServedImage {
  hash: string
  cacheControl: string
  /** Where a deletion of it was overtaken; asked only of an image that is not under its hash. */
  generationOf?: () => Promise<number | undefined>
  /** Whether whoever asks may see it, if that is not known yet: nothing is made for others. */
  mayMake?: () => Promise<boolean>
}

/** An original that stands in for a version that could not be made is not kept by anybody: the next time there may be one. */
const STAND_IN = 'no-cache'

/**
 * The image, or the version of it that the query asks for (`variant.ts`), which is made if there is none yet. Throws `not_found` where there is no such
 * image, `StorageUnavailable`.
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

/** What is in the bucket, as a whole or in part. Throws `not_found`, `StorageUnavailable`. */
async function serveKept(
  c: RequestContext,
  { hash, width, cacheControl, generationOf }: Required<Omit<ServedImage, 'mayMake'>> & { width?: number },
): Promise<Response> {
  const { headers: asked, method } = c.req.raw
  // RFC 9110, 14.2: a range of what HEAD would get means nothing.
  const image = { hash, width }
  const key = width === undefined ? hash : variantKey(hash, width)
  const asksPart = method !== 'HEAD' && (await isSame(c.env.MEDIA, key, asked.get('if-range')))
  const range = asksPart ? parseRange(asked.get('range') ?? '') : undefined
  const options = { onlyIf: condition(asked), ...(range && { range: range.of }) }
  const object = await getImage(c.env.MEDIA, image, options, generationOf).catch((error: unknown) => {
    // R2 refuses a range outside of the object.
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
  // A precondition that failed: the client has it already.
  if (!('body' in object)) return new Response(null, { status: 304, headers })
  const { size, body } = object
  object.writeHttpMetadata(headers)
  if (!range) {
    headers.set('content-length', String(size))
    return new Response(body, { headers })
  }
  const part = range.within(size)
  // The local bucket, unlike R2, answers a range that begins behind the end with everything.
  if (!part) {
    await body.cancel()
    return unsatisfiable(size)
  }
  headers.set('content-length', String(part.last - part.first + 1))
  headers.set('content-range', `bytes ${part.first}-${part.last}/${size}`)
  return new Response(body, { status: 206, headers })
}

/**
 * If-Range: whether the client's part is of what is there; else it gets all (RFC 9110, 13.1.5). Only a strong tag says that, and there
 * are no dates. Reads the object's head where the header is sent, which browsers do to resume a download.
 */
async function isSame(bucket: R2Bucket, key: string, tag: string | null): Promise<boolean> {
  if (tag === null) return true
  return (await headOf(bucket, key))?.httpEtag === tag
}

const headOf = (bucket: R2Bucket, key: string) =>
  bucket.head(key).catch(() => {
    throw new StorageUnavailable('head failed')
  })

/** 416; with the size that there is, unless it went this moment. */
const unsatisfiable = (size: number | undefined) =>
  new Response(null, {
    status: 416,
    headers: size === undefined ? {} : { 'content-range': `bytes */${size}` },
  })

/** If-None-Match alone, as images don't change, and only where it can be read: R2 fails on one that can't. */
function condition(headers: Headers): Headers {
  const tags = headers.get('if-none-match') ?? ''
  return new Headers(ENTITY_TAGS.test(tags) ? { 'if-none-match': tags } : {})
}
