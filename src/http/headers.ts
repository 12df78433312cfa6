/** Headers of every answer: the request id, D1 usage, and rules for browsers and caches. */
import { cors } from 'hono/cors'
import { createMiddleware } from 'hono/factory'
import { openDb } from '../db/client'
import { quotaHeaders } from '../limits/throttled'
import { config } from './config'
import type { AppEnv } from './env'
import { ApiError } from './errors'
import { SAFE_METHODS } from './methods'

const SANE_ID = /^[\w.:-]{1,100}$/
/** D1's bookmarks are groups of hexadecimal digits; anything else would make the call fail. */
const SANE_BOOKMARK = /^[0-9a-f-]{1,100}$/

/**
 * Opens the request's D1 session, gives the request an id, and logs one line when it is done, without query string,
 * body, token or address, because these are personal data.
 *
 * Without a bookmark only anonymous reads may use a replica: a client that only keeps cookies
 * must still read its own writes.
 */
export const observe = createMiddleware<AppEnv>(async (c, next) => {
  const started = Date.now()
  const given = c.req.header('x-request-id') ?? ''
  const requestId = SANE_ID.test(given) ? given : crypto.randomUUID()
  const bookmark = c.req.header('x-d1-bookmark') ?? ''
  const credentials = c.req.header('authorization') ?? c.req.header('cookie')
  const db = openDb(c.env.DB, {
    bookmark: SANE_BOOKMARK.test(bookmark) ? bookmark : undefined,
    primary: !SAFE_METHODS.has(c.req.method) || credentials !== undefined,
  })
  c.set('requestId', requestId)
  c.set('db', db)

  await next()

  c.res.headers.set('x-request-id', requestId)
  const { calls, rowsRead, rowsWritten } = db.usage
  if (calls > 0) {
    const quota = db.quota()
    if (quota && !c.res.headers.has('ratelimit'))
      for (const [name, value] of Object.entries(quotaHeaders(quota))) c.res.headers.set(name, value)
    const latest = db.bookmark()
    if (latest) c.res.headers.set('x-d1-bookmark', latest)
    if (c.env.SERVER_TIMING === 'true') {
      c.res.headers.set('server-timing', `d1;desc="calls=${calls} read=${rowsRead} written=${rowsWritten}"`)
    }
  }
  console.log(
    JSON.stringify({
      requestId,
      method: c.req.method,
      // Our paths consist of words and numbers: anything else in a path may be a person's name or address.
      path: c.req.path.replace(/[^\w/-].*$/, '…'),
      status: c.res.status,
      ms: Date.now() - started,
      d1: db.usage,
    }),
  )
})

/** Answers are data: they must not be framed, sniffed, executed, or cached by anyone else. */
export const secureHeaders = createMiddleware<AppEnv>(async (c, next) => {
  await next()
  const { headers } = c.res
  headers.set('x-content-type-options', 'nosniff')
  headers.set('referrer-policy', 'no-referrer')
  if (!headers.has('content-security-policy')) {
    headers.set('content-security-policy', "default-src 'none'; frame-ancestors 'none'")
  }
  if (!headers.has('cache-control')) headers.set('cache-control', 'private, no-store')
  if (c.req.url.startsWith('https:')) headers.set('strict-transport-security', 'max-age=31536000')
})

const answerOrigin = cors({
  origin: (origin, c) => (config(c.env).clientOrigins.has(origin) ? origin : null),
  credentials: true,
  allowMethods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
  exposeHeaders: [
    'link',
    'x-request-id',
    'x-d1-bookmark',
    'server-timing',
    'retry-after',
    'ratelimit',
    'ratelimit-policy',
  ],
  maxAge: 86_400,
})

/** CORS for front ends of other origins, which must be listed, because they send credentials. Requests that come from no page only need `Vary`. */
export const crossOrigin = createMiddleware<AppEnv>(async (c, next) => {
  if (c.req.header('origin') !== undefined || c.req.method === 'OPTIONS') return answerOrigin(c, next)
  // Not `c.header`, which only keeps it for answers that hono makes: once there is a response of the context's own, whatever is set
  // on it or staged from here on (cookies too) is put on answers that a route makes itself, such as an image or a WebSocket.
  c.res.headers.append('vary', 'Origin')
  await next()
})

/**
 * For images, which are public: any page may read them, without credentials, and the answer is the same for all. Were it made
 * out for one origin, a browser would keep that for a year, and refuse it to the next page.
 */
export const anyOrigin = cors({ origin: '*', exposeHeaders: ['x-request-id'], maxAge: 86_400 })

/**
 * Nothing is served with a configuration that is no good, not even what would not need it; nor to a request whose Host is no host, as
 * no link of the answer could be made. 400.
 */
export const checkRequest = createMiddleware<AppEnv>(async (c, next) => {
  config(c.env)
  if (!URL.canParse(c.req.url)) throw new ApiError('parse_error', { detail: 'The Host header is no host.' })
  await next()
})
