/** What the tests of accounts share: a browser's cookies, tokens made by hand, a Worker with other bindings. */
import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { expect, vi } from 'vitest'
import worker from '../src/index'
import { type Answer, anyone, type Client, call, ORIGIN, PASSWORD, stored } from './client'

export const AUTH = '/dj-rest-auth'
export const ACCESS = 'my-app-auth'
export const REFRESH = 'my-refresh-token'

/** A cookie that an answer over plain http takes away. */
export const CLEARED = { value: '', attributes: ['httponly', 'max-age=0', 'path=/', 'samesite=lax'] }

export interface SetCookie {
  value: string
  /** Lower case, sorted; without `expires`. */
  attributes: string[]
}

/** The cookies that an answer sets, by name. */
export function setCookies(headers: Headers): Record<string, SetCookie> {
  return Object.fromEntries(
    headers.getSetCookie().map((line) => {
      const [pair = '', ...attributes] = line.split(';').map((part) => part.trim())
      const [name = '', ...value] = pair.split('=')
      return [
        name,
        { value: value.join('='), attributes: attributes.map((text) => text.toLowerCase()).sort() },
      ]
    }),
  )
}

export interface Browser extends Client {
  cookies: Map<string, string>
}

/** A client that knows nothing of tokens: it keeps the cookies that it is given and sends them back. */
export function browser(cookies: Record<string, string> = {}): Browser {
  const jar = new Map(Object.entries(cookies))
  const send = async (method: string, path: string, body?: unknown, more: Record<string, string> = {}) => {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
    const headers = { 'user-agent': 'a browser', ...(cookie && { cookie }), ...more }
    const answer = await call(method, path, { body, headers })
    for (const [name, { value, attributes }] of Object.entries(setCookies(answer.headers))) {
      if (attributes.includes('max-age=0')) jar.delete(name)
      else jar.set(name, value)
    }
    return answer
  }
  return {
    cookies: jar,
    headers: {},
    get: (path, more) => send('GET', path, undefined, more),
    post: (path, body, more) => send('POST', path, body, more),
    put: (path, body, more) => send('PUT', path, body, more),
    patch: (path, body, more) => send('PATCH', path, body, more),
    delete: (path, body, more) => send('DELETE', path, body, more),
  }
}

const encoder = new TextEncoder()
const base64url = (bytes: Uint8Array) => bytes.toBase64({ alphabet: 'base64url', omitPadding: true })
const encodeJson = (value: object) => base64url(encoder.encode(JSON.stringify(value)))

interface Forgery {
  secret?: string
  /** In place of `{"alg":"HS256","typ":"JWT"}`, which has no `kid`. */
  header?: Record<string, unknown>
}

/** A token made apart from the code under test: an access token good for a minute, unless the claims say else. */
export async function jwt(
  claims: Record<string, unknown>,
  { secret = env.JWT_SECRET, header = { alg: 'HS256', typ: 'JWT' } }: Forgery = {},
): Promise<string> {
  const now = Math.floor(Date.now() / 1000)
  const all = { token_type: 'access', exp: now + 60, iat: now, jti: crypto.randomUUID(), ...claims }
  const signed = `${encodeJson(header)}.${encodeJson(all)}`
  const algorithm = { name: 'HMAC', hash: 'SHA-256' }
  const key = await crypto.subtle.importKey('raw', encoder.encode(secret), algorithm, false, ['sign'])
  return `${signed}.${base64url(new Uint8Array(await crypto.subtle.sign('HMAC', key, encoder.encode(signed))))}`
}

/** What a token says, unverified. */
export function decodeJwt(token: string) {
  const [header, claims] = token
    .split('.', 2)
    .map((part) =>
      JSON.parse(new TextDecoder().decode(Uint8Array.fromBase64(part, { alphabet: 'base64url' }))),
    )
  return { header, claims }
}

export async function sha256(text: string): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', encoder.encode(text))).toHex()
}

export interface Tokens {
  access: string
  refresh: string
}

/** Starts another session of somebody. */
export async function logIn({ username }: { username: string }, password = PASSWORD): Promise<Tokens> {
  const { status, body } = await anyone.post(`${AUTH}/login/`, { username, password })
  expect(status, JSON.stringify(body)).toBe(200)
  return { access: body.access_token, refresh: body.refresh_token }
}

/** The row of the session that a refresh token stands for. */
export async function sessionOf(refresh: string) {
  const [row] = await stored(
    'select * from sessions where jti_hash = ?',
    await sha256(decodeJwt(refresh).claims.jti),
  )
  return row
}

export const isRevoked = async (refresh: string) => typeof (await sessionOf(refresh))?.revoked_at === 'number'

/** One request to the Worker with some bindings changed; waits for what it does after its answer. */
export async function callWith(
  changes: Record<string, unknown>,
  method: string,
  path: string,
  { headers, body }: { headers?: Record<string, string>; body?: object } = {},
): Promise<Omit<Answer, 'cost'>> {
  const isForm = body instanceof FormData
  const request = new Request(new URL(path, ORIGIN), {
    method,
    headers: { ...(body && !isForm && { 'content-type': 'application/json' }), ...headers },
    body: isForm ? body : body ? JSON.stringify(body) : null,
  })
  const context = createExecutionContext()
  const response = await worker.fetch(request, { ...env, ...changes } as Env, context)
  await waitOnExecutionContext(context)
  const text = await response.text()
  return { status: response.status, headers: response.headers, body: text && JSON.parse(text) }
}

/** D1 whose every call fails. */
export function brokenDb(error: Error): D1Database {
  return dbWith((session) => ({ ...session, batch: () => Promise.reject(error) }))
}

/**
 * D1 that holds back the answer to each request's first call until `count` requests have made theirs: whatever they
 * read before they write, all of them have read it before any writes.
 */
export function racingDb(count: number): D1Database {
  const { promise: allHaveRead, resolve } = Promise.withResolvers<void>()
  let waiting = 0
  return dbWith((session) => {
    let isFirst = true
    return {
      ...session,
      async batch<T>(statements: D1PreparedStatement[]) {
        const results = await session.batch<T>(statements)
        if (isFirst) {
          isFirst = false
          waiting += 1
          if (waiting === count) resolve()
          await allHaveRead
        }
        return results
      },
    }
  })
}

type Session = Pick<D1DatabaseSession, 'prepare' | 'batch' | 'getBookmark'>

function dbWith(change: (session: Session) => Session): D1Database {
  const withSession = (constraint?: string): Session => {
    const session = env.DB.withSession(constraint)
    return change({
      prepare: (query) => session.prepare(query),
      batch: (statements) => session.batch(statements),
      getBookmark: () => session.getBookmark(),
    })
  }
  // The Worker opens sessions and asks nothing else of a database.
  return { withSession } as unknown as D1Database
}

/** Keeps every line that is logged from now on. Undone by `vi.restoreAllMocks()`. */
export function recordLogs(): string[] {
  const lines: string[] = []
  for (const method of ['log', 'info', 'warn', 'error', 'debug'] as const) {
    vi.spyOn(console, method).mockImplementation((...values) => {
      lines.push(values.map(String).join(' '))
    })
  }
  return lines
}
