/** What all operations share: headers, parameters, credentials and errors. */
import { ACCESS_COOKIE, REFRESH_COOKIE } from '../../src/auth/cookies'
import { ApiError, CODES, type ErrorCode } from '../../src/http/errors'
import { errorAnswers } from './errors'
import type { Components, JsonSchema } from './schemas'

/** The suffix of response names whose errors have lists for values. */
export const IN_LISTS = 'InLists'

/** Responses by status. */
export const ERROR_NAMES: Record<number, string> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  406: 'NotAcceptable',
  413: 'ContentTooLarge',
  415: 'UnsupportedMediaType',
  422: 'IdempotencyKeyReused',
  426: 'UpgradeRequired',
  429: 'TooManyRequests',
  503: 'Unavailable',
}

const text = (description: string) => ({ description, schema: { type: 'string' } })

export const headers = {
  RequestId: text(
    'Identifies the request, also in the log. Taken from the request’s `X-Request-Id` if there is one.',
  ),
  Bookmark: text('Send it back as `X-D1-Bookmark` to read your own writes.'),
  RetryAfter: { description: 'In seconds.', schema: { type: 'integer' } },
  WwwAuthenticate: text('Always `Bearer realm="api"`.'),
}

export const parameters = {
  Bookmark: {
    name: 'X-D1-Bookmark',
    in: 'header',
    description: 'From an earlier answer: reads data at least as new as that answer.',
    schema: { type: 'string' },
    // Blank has no effect. A bookmark from elsewhere would be passed to D1.
    example: '',
  },
  IdempotencyKey: {
    name: 'Idempotency-Key',
    in: 'header',
    description:
      'A request repeated with the same key creates nothing more: it returns what the first created. Each new request needs a new ' +
      'key, such as a UUID (in Postman `{{$guid}}`): an old key with a different body is refused.',
    schema: { type: 'string', minLength: 1, maxLength: 255 },
    // Postman generates a new value for each request. A fixed one would fail the second time.
    example: '{{$guid}}',
  },
}

export const securitySchemes = {
  bearer: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description: 'The `access_token` from login or registration. Takes precedence over the cookie.',
  },
  cookie: {
    type: 'apiKey',
    in: 'cookie',
    name: ACCESS_COOKIE,
    description: `Set by signing in. It is renewed as long as \`${REFRESH_COOKIE}\`, which is set with it, is valid.`,
  },
}

export const security = {
  required: [{ bearer: [] }, { cookie: [] }],
  optional: [{}, { bearer: [] }, { cookie: [] }],
  ignored: [],
}

/** The headers of every answer. */
export const COMMON = {
  'X-Request-Id': { $ref: '#/components/headers/RequestId' },
  'X-D1-Bookmark': { $ref: '#/components/headers/Bookmark' },
}

/** The response for each status that an error can have, with the texts of all its errors. */
export function errorResponses(schemas: Components, errorsInLists = false): Record<string, JsonSchema> {
  const codes = Object.keys(CODES) as ErrorCode[]
  const shape = (body: unknown) =>
    errorsInLists
      ? Object.fromEntries(Object.entries(body as object).map(([name, value]) => [name, [value].flat()]))
      : body
  return Object.fromEntries(
    Object.entries(ERROR_NAMES).map(([status, name]) => {
      const own = codes.filter((code) => CODES[code][0] === Number(status))
      const bodies = (errorAnswers(Number(status), own, errorsInLists) ?? []).map((body) =>
        schemas.of(body, 'output'),
      )
      const examples: [string, unknown][] = own.map((code) => [
        code,
        { value: shape(new ApiError(code).body) },
      ])
      if (status === '400') examples.unshift(['fields', { value: { title: ['This field is required.'] } }])
      const schema = bodies.length === 1 ? bodies[0] : { anyOf: bodies }
      return [
        errorsInLists ? name + IN_LISTS : name,
        {
          description: status === '400' ? 'A field or parameter is invalid.' : CODES[own[0] ?? 'internal'][1],
          headers: {
            ...COMMON,
            ...(status === '401' && { 'WWW-Authenticate': { $ref: '#/components/headers/WwwAuthenticate' } }),
            ...((status === '429' || status === '503') && {
              'Retry-After': { $ref: '#/components/headers/RetryAfter' },
            }),
          },
          content: { 'application/json': { schema, examples: Object.fromEntries(examples) } },
        },
      ]
    }),
  )
}
