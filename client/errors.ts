/** Every failure is one class, whose `code` says what to do. */

/** Messages by field. Those that belong to no field are under `non_field_errors`. */
export type FieldErrors = Record<string, string[]>

interface Kind<Code extends string, Status extends number> {
  readonly code: Code
  /** The HTTP status; 0 if there was no answer. */
  readonly status: Status
}

type Retryable = {
  /** Seconds to wait before retrying. */
  readonly retryAfter: number
}

/** All forms of `ApiError`; `switch (error.code)` narrows the type. */
export type ApiFailure =
  /** The API could not be reached, or the answer did not come from the API. */
  | Kind<'network' | 'unreadable', 0>
  /** `auth: 'cookie'`: the browser does not keep the API's cookies, so nobody can sign in this way. */
  | Kind<'cookies_blocked', 0>
  /** The image cannot be read here, or cannot be made small enough; `fields.image` has the message. */
  | Kind<'bad_image', 0>
  /** The conversation was closed before the message was sent; or the key cannot be sent in a header. */
  | Kind<'closed' | 'bad_key', 0>
  /** The message may have been sent more than a day ago, so sending it again could duplicate it. */
  | Kind<'outcome_unknown', 0>
  /** `fields` says what to correct. */
  | Kind<'invalid', 400>
  | Kind<
      | 'not_authenticated'
      | 'token_not_valid'
      | 'bad_authorization_header'
      | 'user_not_found'
      | 'user_inactive'
      /** The signed-in account is not the one that wrote the message. */
      | 'other_user',
      401
    >
  | Kind<'permission_denied', 403>
  | Kind<'not_found', 404>
  | Kind<'too_large', 413>
  | Kind<'idempotency_key_reused', 422>
  | (Kind<'throttled', 429> & Retryable)
  | (Kind<'unavailable', 503> & Retryable)
  /** Any other status: `server_error` from 500 on, `refused` below. Proxies may return anything. */
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
  /** The message to show to a person, if no field is at fault. */
  declare readonly detail: string | undefined
  declare readonly fields: FieldErrors
  declare readonly retryAfter: number | undefined
  /** Identifies the request in the server's log. */
  declare readonly requestId: string | null | undefined

  constructor(code: ApiFailure['code'], status: number, details: Details) {
    const { detail, fields = {} } = details
    super(detail || Object.values(fields).flat().join(' ') || `HTTP ${status}`)
    Object.assign(this, { retryAfter: undefined, ...details, code, status, fields })
  }
}

export type ApiError = Failure & ApiFailure

/** For `instanceof`, which narrows the type. Only the client creates instances. */
export const ApiError = Failure as unknown as abstract new (made: never) => ApiError

/** An error that the client itself detects, or (`invalid`, `throttled`) that arrives over a socket, which has no status. */
export const failure = (code: Own, detail: string | undefined, fields = {}, retryAfter?: number): ApiError =>
  new Failure(code, OWN[code] ?? 0, { detail, fields, retryAfter }) as ApiError

/** In the form that form errors take. */
export const badImage = (why: string) => failure('bad_image', undefined, { image: [why] })

type Own =
  | Extract<ApiFailure, { status: 0 }>['code']
  | Extract<ApiFailure['code'], 'invalid' | 'not_authenticated' | 'other_user' | 'throttled'>

/** The status that an HTTP answer with this code would have. Codes not listed have 0. */
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
/** The delay if the API asks to wait without saying how long. */
const WAIT_SECONDS = 1

/** Reads an error answer. Calls that send a message return lists where others return strings. */
export async function errorFrom(response: Response): Promise<ApiError> {
  const { status, headers } = response
  const body: unknown = await response.json().catch(() => undefined)
  const { detail, code, ...rest } = (
    Array.isArray(body) ? { non_field_errors: body } : (body ?? {})
  ) as Record<string, unknown>
  const told = [code].flat()[0]
  return new Failure(
    // Only a 401 has a code that says more than the status.
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

/** `Retry-After` in seconds. The header is a number or, from proxies, a date. */
export function retryAfter(headers: Headers): number {
  const value = headers.get('retry-after') ?? ''
  const seconds = /^\d+$/.test(value) ? Number(value) : (Date.parse(value) - Date.now()) / 1000
  return seconds >= 0 ? seconds : WAIT_SECONDS
}
