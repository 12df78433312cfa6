/** Whatever goes wrong, as one class whose `code` says what to do. */

/** Messages by field; `non_field_errors` for those that belong to none. */
export type FieldErrors = Record<string, string[]>

interface Kind<Code extends string, Status extends number> {
  readonly code: Code
  /** The HTTP status; 0 where there was no answer. */
  readonly status: Status
}

type Retryable = {
  /** Seconds to wait before the next try. */
  readonly retryAfter: number
}

/** What `ApiError` can be; `switch (error.code)` tells. */
export type ApiFailure =
  /** The API was not reached, or its answer is not its own. */
  | Kind<'network' | 'unreadable', 0>
  /** `auth: 'cookie'`: the browser does not keep the API's cookies, so that nobody can be signed in this way. */
  | Kind<'cookies_blocked', 0>
  /** An image that cannot be read here, or not be made small enough; told under `fields.image`. */
  | Kind<'bad_image', 0>
  /** A conversation was closed before the message was sent; or a key that cannot be sent. */
  | Kind<'closed' | 'bad_key', 0>
  /** A message that may or may not have been sent more than a day ago: sending it again could double it. */
  | Kind<'outcome_unknown', 0>
  /** `fields` says what to correct. */
  | Kind<'invalid', 400>
  | Kind<
      | 'not_authenticated'
      | 'token_not_valid'
      | 'bad_authorization_header'
      | 'user_not_found'
      | 'user_inactive'
      /** Another account is signed in than the one that wrote. */
      | 'other_user',
      401
    >
  | Kind<'permission_denied', 403>
  | Kind<'not_found', 404>
  | Kind<'too_large', 413>
  | Kind<'idempotency_key_reused', 422>
  | (Kind<'throttled', 429> & Retryable)
  | (Kind<'unavailable', 503> & Retryable)
  /** Any other status, from 500 on and below: proxies answer what they like. */
  | Kind<'server_error' | 'refused', number>

interface Details {
  detail?: string | undefined
  fields?: FieldErrors
  retryAfter?: number | undefined
  requestId?: string | null
}

class Failure extends Error {
  override readonly name = 'ApiError'
  declare readonly code: ApiFailure['code']
  declare readonly status: number
  /** What to tell a person, where no field is to blame. */
  declare readonly detail: string | undefined
  declare readonly fields: FieldErrors
  declare readonly retryAfter: number | undefined
  /** Names the request in the server's log. */
  declare readonly requestId: string | null | undefined

  constructor(code: ApiFailure['code'], status: number, details: Details) {
    const { detail, fields = {} } = details
    super(detail || Object.values(fields).flat().join(' ') || `HTTP ${status}`)
    Object.assign(this, { retryAfter: undefined, ...details, code, status, fields })
  }
}

export type ApiError = Failure & ApiFailure

/** Narrows with `instanceof`. Made by the client only. */
export const ApiError = Failure as unknown as abstract new (made: never) => ApiError

/** An error that the client itself finds out; or (`invalid`, `throttled`) that comes over a socket, where there is no status. */
export const failure = (code: Own, detail: string | undefined, fields = {}, retryAfter?: number): ApiError =>
  new Failure(code, OWN[code] ?? 0, { detail, fields, retryAfter }) as ApiError

/** As a form shows it. */
export const badImage = (why: string) => failure('bad_image', undefined, { image: [why] })

type Own =
  | Extract<ApiFailure, { status: 0 }>['code']
  | Extract<ApiFailure['code'], 'invalid' | 'not_authenticated' | 'other_user' | 'throttled'>

/** The status of the answer that would have told it; 0 for the others. */
const OWN: Partial<Record<Own, number>> = {
  invalid: 400,
  not_authenticated: 401,
  other_user: 401,
  throttled: 429,
}
const CODES: Record<number, ApiFailure['code']> = {
  400: 'invalid',
  401: 'not_authenticated',
  403: 'permission_denied',
  404: 'not_found',
  413: 'too_large',
  422: 'idempotency_key_reused',
  429: 'throttled',
  503: 'unavailable',
}
/** Where the API asks to wait and does not say how long. */
const WAIT_SECONDS = 1

/** Reads an answer that is no success. Message calls answer lists where others answer strings. */
export async function errorFrom(response: Response): Promise<ApiError> {
  const { status, headers } = response
  const body: unknown = await response.json().catch(() => undefined)
  const { detail, code, ...rest } = (
    Array.isArray(body) ? { non_field_errors: body } : (body ?? {})
  ) as Record<string, unknown>
  const told = [code].flat()[0]
  return new Failure(
    // Only with a 401 the API names more than its status says.
    status === 401 && typeof told === 'string'
      ? (told as ApiFailure['code'])
      : (CODES[status] ?? (status < 500 ? 'refused' : 'server_error')),
    status,
    {
      detail: detail === undefined ? undefined : [detail].flat().join(' '),
      fields: status === 400 ? fieldsOf(rest) : {},
      retryAfter: status === 429 || status === 503 ? retryAfter(headers) : undefined,
      requestId: headers.get('x-request-id'),
    },
  ) as ApiError
}

export const fieldsOf = (body: Record<string, unknown>): FieldErrors =>
  Object.fromEntries(Object.entries(body).filter(([, value]) => Array.isArray(value))) as FieldErrors

/** `Retry-After` in seconds: a number, or (proxies) a date. */
export function retryAfter(headers: Headers): number {
  const value = headers.get('retry-after') ?? ''
  const seconds = /^\d+$/.test(value) ? Number(value) : (Date.parse(value) - Date.now()) / 1000
  return seconds >= 0 ? seconds : WAIT_SECONDS
}
