/** The app's routes with everything that their own handlers and the middleware before them declare (src/http/describe.ts). */

import { authenticate, requireUser } from '../../src/auth/credentials'
import { type AnswerBody, type Description, type Notes, notesOf } from '../../src/http/describe'
import type { AppEnv } from '../../src/http/env'
import type { ErrorCode } from '../../src/http/errors'
import type { Hono } from '../../src/http/hono'
import { negotiate } from '../../src/http/negotiate'
import { pageQuery } from '../../src/http/paging'
import { errorAnswers } from './errors'

export interface Route extends Notes {
  method: string
  /** As in the router: `/posts/:id{[0-9]+}`. */
  path: string
  about: Description
  /** Whether credentials are required, used if present, or ignored. */
  signedIn: 'required' | 'optional' | 'ignored'
  errors: ErrorCode[]
  /** Answers JSON, and is documented with its final slash. */
  isApi: boolean
}

const CREDENTIALS: ErrorCode[] = [
  'bad_authorization_header',
  'token_not_valid',
  'user_not_found',
  'user_inactive',
]

/** Every route of the router. Throws if one is not described. */
export function describedRoutes(app: Hono<AppEnv>): Route[] {
  const known = new Set<string>()
  const routes: Route[] = []
  for (const { method, path } of app.routes) {
    if (method === 'ALL' || known.has(`${method} ${path}`)) continue
    known.add(`${method} ${path}`)
    const route = routeOf(app, method, samplePath(path))
    if (!route) throw new Error(`${method} ${path} is not described.`)
    routes.push({ ...route, path })
  }
  return routes
}

/** The route that serves this request, if any. */
export function routeOf(app: Hono<AppEnv>, method: string, path: string): Route | undefined {
  const [matches] = app.router.match(method, path)
  const handlers = matches.map(([[handler]]) => handler)
  const { about, ...notes }: Notes = Object.assign({}, ...handlers.map(notesOf))
  if (!about) return undefined
  // Handlers registered later do not run before this one.
  const before = handlers.slice(
    0,
    handlers.findIndex((handler) => notesOf(handler).about),
  )
  const signedIn = handlers.includes(requireUser)
    ? 'required'
    : before.includes(authenticate)
      ? 'optional'
      : 'ignored'
  const errors = new Set<ErrorCode>(about.errors)
  const add = (...codes: ErrorCode[]) => {
    for (const code of codes) errors.add(code)
  }
  if (signedIn === 'required') add('not_authenticated')
  if (signedIn !== 'ignored') add(...CREDENTIALS)
  // A cookie sent by a foreign page may not change anything.
  if (signedIn !== 'ignored' && method !== 'GET') add('permission_denied')
  if (notes.body) add('parse_error', 'body_too_large', 'unsupported_media_type')
  if (notes.query && isPaged(notes.query)) add('invalid_page')
  if (about.isIdempotent) add('bad_idempotency_key', 'idempotency_key_reused')
  const isApi = before.includes(negotiate)
  if (isApi) add('not_acceptable', 'unavailable')
  // Too many requests are refused on every route: by address, or by user if something is written.
  add('throttled')
  return { method, path, about, signedIn, errors: [...errors], isApi, ...notes }
}

/** What the route may answer with this status, including errors; undefined if it never answers it. */
export function answersOf(route: Route, status: number): AnswerBody[] | undefined {
  const answer = route.about.answers[status]
  if (answer !== undefined) return [answer].flat()
  // Fields and parameters may be refused without a code.
  const refused: ErrorCode[] = route.body || route.query ? ['parse_error'] : []
  return errorAnswers(status, [...route.errors, ...refused], route.errorsInLists)
}

export const isPaged = (query: NonNullable<Notes['query']>) =>
  'shape' in query && Object.keys(pageQuery.shape).every((name) => name in (query.shape as object))

/** A path that the pattern matches. */
export const samplePath = (pattern: string): string =>
  pattern
    .replace(/:\w+\{\[0-9a-f\]\{(\d+)\}\}/, (_, digits) => '0'.repeat(Number(digits)))
    .replace(/:\w+\{\[0-9\]\+\}/g, '1')
    .replace(/:\w+/g, 'name')
