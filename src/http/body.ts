/**
 * Bodies: JSON, urlencoded and multipart forms become one plain object, which a zod schema then checks.
 *
 * hono's own validators are bound to one type of body each; `body()` fills the same slot (`c.req.valid('json')`)
 * and carries the same types.
 */
import type { MiddlewareHandler } from 'hono'
import type * as z from 'zod'
import { note } from './describe'
import type { AppEnv, RequestContext } from './env'
import { ApiError, type FieldErrors, ValidationError } from './errors'
import { fieldErrors } from './fields'
import { BLANK, pythonType, Upload } from './values'

const MIB = 2 ** 20
/** A message's image may have 5 MiB, and a larger one is to be told so by name: hence more than that. */
const MULTIPART_LIMIT = 12 * MIB
const TEXT_LIMIT = 4 * MIB

interface BodyOptions {
  /**
   * Runs before a 400 is answered: throws what must be said first (404, 403), or adds errors that only the
   * database knows. A good body leaves both to the handler, whose write finds them out in the same call.
   */
  before?: (c: RequestContext, fields: Record<string, unknown>, errors: FieldErrors) => Promise<void>
}

/** Validates the body. 400, 413, 415; then `c.req.valid('json')` is the schema's output. */
export function body<S extends z.ZodType>(
  schema: S,
  { before }: BodyOptions = {},
): MiddlewareHandler<AppEnv, string, { in: { json: z.input<S> }; out: { json: z.output<S> } }> {
  const check: MiddlewareHandler<AppEnv> = async (c, next) => {
    const read = await readFields(c.req.raw, schema, (fields, errors) => before?.(c, fields, errors))
    c.set('fields', takenFields(read.fields, read.json))
    c.req.addValidatedData('json', read.json as object)
    await next()
  }
  return note(check, { body: schema })
}

/** The body as the schema has it, and its fields as they were read. `before` as in `BodyOptions`. */
export async function readFields<S extends z.ZodType>(
  request: Request,
  schema: S,
  before: (fields: Record<string, unknown>, errors: FieldErrors) => Promise<void> | undefined,
): Promise<{ fields: Record<string, unknown>; json: z.output<S> }> {
  let fields: Record<string, unknown>
  try {
    fields = await readBody(request)
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

async function readBody(request: Request): Promise<Record<string, unknown>> {
  const header = request.headers.get('content-type') ?? ''
  const type = header.split(';', 1)[0]?.trim().toLowerCase() ?? ''
  switch (type) {
    case 'application/json':
      return parseJson(await readBytes(request, TEXT_LIMIT))
    case 'application/x-www-form-urlencoded':
      return parseUrlencoded(await readBytes(request, TEXT_LIMIT))
    case 'multipart/form-data':
      return parseMultipart(await readBytes(request, MULTIPART_LIMIT), header)
    default: {
      const bytes = await readBytes(request, TEXT_LIMIT)
      if (!type && bytes.length === 0) return {}
      throw new ApiError('unsupported_media_type', {
        detail: `Unsupported media type "${header}" in request.`,
      })
    }
  }
}

/** Reads up to `limit` bytes: the header may be missing or wrong, so the stream is counted too. */
async function readBytes(request: Request, limit: number): Promise<Uint8Array<ArrayBuffer>> {
  const tooLarge = () => new ApiError('body_too_large', { headers: { connection: 'close' } })
  if (Number(request.headers.get('content-length') ?? 0) > limit) throw tooLarge()
  if (!request.body) return new Uint8Array()
  const chunks: Uint8Array[] = []
  let length = 0
  try {
    for await (const chunk of request.body as ReadableStream<Uint8Array>) {
      length += chunk.length
      if (length > limit) throw tooLarge()
      chunks.push(chunk)
    }
  } catch (error) {
    // A client that hangs up is no fault of ours.
    throw error instanceof ApiError
      ? error
      : new ApiError('parse_error', { detail: 'The body ended too early.' })
  }
  const bytes = new Uint8Array(length)
  let offset = 0
  for (const chunk of chunks) {
    bytes.set(chunk, offset)
    offset += chunk.length
  }
  return bytes
}

function parseJson(bytes: Uint8Array): Record<string, unknown> {
  if (bytes.length === 0) return {}
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(bytes))
  } catch (error) {
    // A SyntaxError's message quotes the body, which may hold a password.
    const why = error instanceof SyntaxError ? 'invalid syntax' : 'invalid utf-8'
    throw new ApiError('parse_error', { detail: `JSON parse error - ${why}` })
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>
  throw new ValidationError({
    non_field_errors: [`Invalid data. Expected a dictionary, but got ${pythonType(value)}.`],
  })
}

function parseUrlencoded(bytes: Uint8Array): Record<string, unknown> {
  const fields = nullObject()
  for (const [name, value] of new URLSearchParams(new TextDecoder().decode(bytes)))
    fields[name] = value || BLANK
  return fields
}

async function parseMultipart(
  bytes: Uint8Array<ArrayBuffer>,
  type: string,
): Promise<Record<string, unknown>> {
  if (bytes.length === 0) return {}
  let form: FormData
  try {
    form = await new Response(bytes, { headers: { 'content-type': type } }).formData()
  } catch {
    throw new ApiError('parse_error', { detail: 'Multipart form parse error - invalid body or boundary' })
  }
  const fields = nullObject()
  for (const [name, value] of form) {
    if (typeof value === 'string') fields[name] = value || BLANK
    // A browser sends an empty file input as a part with neither name nor bytes.
    else if (!value.name && value.size === 0) fields[name] = BLANK
    else fields[name] = new Upload(new Uint8Array(await value.arrayBuffer()), value.name)
  }
  return fields
}

/** The fields that the schema knows: what else was sent is ignored, also where requests are compared. */
function takenFields(fields: Record<string, unknown>, json: unknown): Record<string, unknown> {
  return Object.fromEntries(
    Object.keys(json as object).flatMap((name) =>
      Object.hasOwn(fields, name) ? [[name, fields[name]]] : [],
    ),
  )
}

/** A field may be called `__proto__`. */
const nullObject = (): Record<string, unknown> => Object.create(null)
