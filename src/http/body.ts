/**
 * Bodies: JSON, urlencoded and multipart forms become one plain object, which a zod schema then checks.
 *
 * hono's own validators are bound to one type of body each; `body()` fills the same slot (`c.req.valid('json')`)
 * and carries the same types.
 */
import type { MiddlewareHandler } from 'hono'
import type * as z from 'zod/mini'
import { decoderFor } from './charset'
import { note } from './describe'
import type { AppEnv, RequestContext } from './env'
import { ApiError, type FieldErrors, ValidationError } from './errors'
import { fieldErrors } from './fields'
import { parseJson } from './json'
import { BODY_BYTES } from './limits'
import { parseMediaType } from './media-type'
import { parseMultipart } from './multipart'
import { parseUrlencoded } from './urlencoded'

export interface Limits {
  /** The limit for any type of body; by default `BODY_BYTES`. */
  maxBytes?: number
  /** For routes that accept an image: the limit of a multipart form, and the error for a larger one. */
  upload?: { maxBytes: number; tooLarge: FieldErrors }
}

interface BodyOptions extends Limits {
  /**
   * Runs before a 400 is answered: throws errors that take precedence (404, 403), or adds errors that only the
   * database can detect. For a valid body the handler's write detects both, in the same call.
   */
  before?: (c: RequestContext, fields: Record<string, unknown>, errors: FieldErrors) => Promise<void>
}

/** Validates the body. 400, 413, 415; then `c.req.valid('json')` is the schema's output. */
export function body<S extends z.ZodMiniType>(
  schema: S,
  { before, ...limits }: BodyOptions = {},
): MiddlewareHandler<AppEnv, string, { in: { json: z.input<S> }; out: { json: z.output<S> } }> {
  const check: MiddlewareHandler<AppEnv> = async (c, next) => {
    const read = await readFields(c.req.raw, schema, { limits, before: (...found) => before?.(c, ...found) })
    c.set('fields', takenFields(read.fields, read.json))
    c.req.addValidatedData('json', read.json as object)
    await next()
  }
  return note(check, { body: schema })
}

interface Reading {
  limits?: Limits
  /** As in `BodyOptions`. */
  before: (fields: Record<string, unknown>, errors: FieldErrors) => Promise<void> | undefined
}

/** The validated body, and its fields as they were read. */
export async function readFields<S extends z.ZodMiniType>(
  request: Request,
  schema: S,
  { limits = {}, before }: Reading,
): Promise<{ fields: Record<string, unknown>; json: z.output<S> }> {
  let fields: Record<string, unknown>
  try {
    fields = await readBody(request, limits)
  } catch (error) {
    await before({}, {})
    throw error
  }
  const parsed = schema.safeParse(fields)
  if (parsed.success) return { fields, json: parsed.data }
  const errors = fieldErrors(parsed.error)
  await before(fields, errors)
  throw new ValidationError(errors)
}

async function readBody(
  request: Request,
  { maxBytes = BODY_BYTES, upload }: Limits,
): Promise<Record<string, unknown>> {
  const header = request.headers.get('content-type') ?? ''
  const media = parseMediaType(header)
  refuseEncoding(request)
  const charset = media.parameters.get('charset')
  switch (media.type) {
    case 'application/json':
      return parseJson(decodeJson(await readBytes(request, maxBytes), charset))
    case 'application/x-www-form-urlencoded':
      return parseUrlencoded(await readBytes(request, maxBytes), charset)
    case 'multipart/form-data': {
      if (!upload) return parseMultipart(await readBytes(request, maxBytes), media)
      const tooLarge = () => new ValidationError(upload.tooLarge)
      return parseMultipart(await readBytes(request, upload.maxBytes, tooLarge), media)
    }
    default: {
      const bytes = await readBytes(request, maxBytes)
      if (!media.type && bytes.length === 0) return {}
      throw new ApiError('unsupported_media_type', {
        detail: `Unsupported media type "${header}" in request.`,
      })
    }
  }
}

/** RFC 9110, 15.5.16: 415, with a header that lists the supported types. */
function refuseEncoding(request: Request): void {
  const encoding = request.headers.get('content-encoding')?.trim() || 'identity'
  if (encoding.toLowerCase() === 'identity') return
  throw new ApiError('unsupported_media_type', {
    detail: `Unsupported content encoding "${encoding}" in request.`,
    headers: { 'accept-encoding': 'identity' },
  })
}

/** Reads up to `limit` bytes: the header may be missing or wrong, so the stream is counted too. */
async function readBytes(
  request: Request,
  limit: number,
  tooLarge: () => Error = () => new ApiError('body_too_large', { headers: { connection: 'close' } }),
): Promise<Uint8Array<ArrayBuffer>> {
  if (Number(request.headers.get('content-length') ?? 0) > limit) throw tooLarge()
  if (!request.body) return new Uint8Array()
  const chunks: Uint8Array[] = []
  let length = 0
  try {
    for await (const chunk of request.body as ReadableStream<Uint8Array>) {
      length += chunk.length
      if (length > limit) break
      chunks.push(chunk)
    }
  } catch {
    // A client that disconnects is not a server error.
    throw new ApiError('parse_error', { detail: 'The body ended too early.' })
  }
  if (length > limit) throw tooLarge()
  const bytes = new Uint8Array(length)
  let offset = 0
  for (const chunk of chunks) {
    bytes.set(chunk, offset)
    offset += chunk.length
  }
  return bytes
}

function decodeJson(bytes: Uint8Array, charset: string | undefined): string {
  const decode = decoderFor(charset)
  try {
    return decode(bytes)
  } catch {
    throw new ApiError('parse_error', { detail: `JSON parse error - invalid ${charset || 'utf-8'}` })
  }
}

/** The fields in the schema: others are ignored, also when requests are compared. */
function takenFields(fields: Record<string, unknown>, json: unknown): Record<string, unknown> {
  return Object.fromEntries(
    Object.keys(json as object).flatMap((name) =>
      Object.hasOwn(fields, name) ? [[name, fields[name]]] : [],
    ),
  )
}
