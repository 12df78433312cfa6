/** One error class, one table from code to answer, one handler. */
import type { ErrorHandler } from 'hono'
import { NotStaff, SessionEnded, Unavailable, UserInactive, UserNotFound } from '../db/errors'
import { quotaHeaders, secondsToWait, Throttled } from '../limits/throttled'
import { ConfigError } from './config'
import type { AppEnv } from './env'

type Status = 400 | 401 | 403 | 404 | 405 | 406 | 413 | 415 | 422 | 426 | 429 | 500 | 503

export const CODES = {
  not_authenticated: [401, 'Authentication credentials were not provided.'],
  bad_authorization_header: [401, 'Authorization header must contain two space-delimited values'],
  token_not_valid: [401, 'Token is invalid or expired'],
  user_not_found: [401, 'User not found'],
  user_inactive: [401, 'User is inactive'],
  permission_denied: [403, 'You do not have permission to perform this action.'],
  not_found: [404, 'Not found.'],
  invalid_page: [404, 'Invalid page.'],
  method_not_allowed: [405, 'Method not allowed.'],
  not_acceptable: [406, 'Could not satisfy the request Accept header.'],
  body_too_large: [413, 'Request body too large.'],
  unsupported_media_type: [415, 'Unsupported media type in request.'],
  duplicate: [400, 'possible duplicate'],
  bad_idempotency_key: [400, 'An Idempotency-Key has 1 to 255 characters.'],
  idempotency_key_reused: [422, 'This Idempotency-Key was used with a different request.'],
  upgrade_required: [426, 'This path speaks WebSocket only.'],
  throttled: [429, 'Request was throttled. Expected available in 60 seconds.'],
  parse_error: [400, 'Malformed request.'],
  unavailable: [503, 'The service is unavailable for the moment. Please try again.'],
  misconfigured: [503, 'The service is not configured. Its log says what is missing.'],
  internal: [500, 'A server error occurred.'],
} as const satisfies Record<string, readonly [Status, string]>

export type ErrorCode = keyof typeof CODES

/** The message of an error that is reported other than in an HTTP answer. */
export const detailOf = (code: ErrorCode): string => CODES[code][1]

/** Codes that the original includes in the body. */
const TOLD: ReadonlySet<ErrorCode> = new Set([
  'bad_authorization_header',
  'token_not_valid',
  'user_not_found',
  'user_inactive',
])

interface Details {
  detail?: string
  headers?: Record<string, string>
  /** Further fields of the body. */
  extra?: Record<string, unknown>
}

/** Any failure that may be reported to a client. */
export class ApiError extends Error {
  readonly status: Status
  readonly body: unknown
  readonly headers: Record<string, string>

  constructor(
    readonly code: ErrorCode,
    { detail = CODES[code][1], headers = {}, extra = {} }: Details = {},
  ) {
    super(code)
    this.status = CODES[code][0]
    this.body = { detail, ...(TOLD.has(code) && { code }), ...extra }
    this.headers = headers
    if (this.status === 401) this.headers = { 'www-authenticate': 'Bearer realm="api"', ...headers }
    if (this.status === 503) this.headers = { 'retry-after': '1', ...headers }
  }
}

/** The answer to an invalid access token. Clients of the original recognise it by its `messages`. */
export const accessTokenNotValid = (message: string): ApiError =>
  new ApiError('token_not_valid', {
    detail: 'Given token not valid for any token type',
    extra: { messages: [{ token_class: 'AccessToken', token_type: 'access', message }] },
  })

/** Messages by field; `non_field_errors` for those that concern no single field. */
export type FieldErrors = Record<string, string[]>

/** 400 with exactly this body: messages by field, or a bare list where the original has one. */
export class ValidationError extends Error {
  constructor(readonly body: FieldErrors | string[]) {
    super('validation failed')
  }
}

/** Known failures become their answer. An unknown one is logged, and the answer contains no details. */
export const onError: ErrorHandler<AppEnv> = (error, c) => {
  const shape = c.var.errorsInLists ? inLists : (body: object) => body
  if (error instanceof ValidationError) return c.json(shape(error.body), 400)
  const known = asApiError(error)
  if (known.status >= 500) {
    console.error(JSON.stringify({ requestId: c.var.requestId, code: known.code, error: describe(error) }))
  }
  return c.json(shape(known.body as object), known.status, known.headers)
}

/** Wraps every value of an object in a list, unless it is one already. */
const inLists = (body: object): object =>
  Array.isArray(body)
    ? body
    : Object.fromEntries(Object.entries(body).map(([name, value]) => [name, [value].flat()]))

export const throttledDetail = (seconds: number) =>
  `Request was throttled. Expected available in ${seconds} seconds.`

/** A refusal with `Retry-After`. */
function throttled(error: Throttled): ApiError {
  const seconds = secondsToWait(error)
  return throttledFor(seconds, quotaHeaders({ ...error.policy, remaining: 0, resetSeconds: seconds }))
}

export const throttledFor = (seconds: number, headers: Record<string, string> = {}) =>
  new ApiError('throttled', {
    detail: throttledDetail(seconds),
    headers: { 'retry-after': String(seconds), ...headers },
  })

/** The answer that clients get for a failure. */
export function asApiError(error: Error): ApiError {
  if (error instanceof ApiError) return error
  if (error instanceof UserNotFound) return new ApiError('user_not_found')
  if (error instanceof UserInactive) return new ApiError('user_inactive')
  if (error instanceof NotStaff) return new ApiError('permission_denied')
  if (error instanceof SessionEnded) return accessTokenNotValid('Token is invalid or expired')
  if (error instanceof Throttled) return throttled(error)
  if (error instanceof Unavailable) return new ApiError('unavailable')
  if (error instanceof ConfigError) return new ApiError('misconfigured', { headers: { 'retry-after': '60' } })
  return new ApiError('internal')
}

const describe = (error: Error) => ({ name: error.name, message: error.message, stack: error.stack })
