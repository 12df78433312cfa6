/** Clients of the Worker under test, as its users are: over HTTP. */
import { env, exports } from 'cloudflare:workers'
import { expect } from 'vitest'

export const ORIGIN = 'http://api.test'
export const PASSWORD = 'Zx9!kkqwPlum'

/** What an answer cost D1, from its Server-Timing header. */
export interface Cost {
  calls: number
  read: number
  written: number
}

export interface Answer {
  status: number
  headers: Headers
  // Tests look at any answer's fields; the schemas are checked elsewhere.
  // biome-ignore lint/suspicious/noExplicitAny: see above
  body: any
  cost: Cost
}

interface Call {
  headers?: Record<string, string> | undefined
  /** An object is sent as JSON; FormData and URLSearchParams as forms; a string as it is. */
  body?: unknown
}

/** One request. A path is taken as it is, below the origin. */
export async function call(method: string, path: string, { headers, body }: Call = {}): Promise<Answer> {
  const raw =
    body === undefined ||
    body instanceof FormData ||
    body instanceof URLSearchParams ||
    typeof body === 'string'
  const response = await exports.default.fetch(new URL(path, ORIGIN), {
    method,
    redirect: 'manual',
    headers: { ...(!raw && { 'content-type': 'application/json' }), ...headers },
    body: raw ? ((body ?? null) as BodyInit | null) : JSON.stringify(body),
  })
  const text = await response.text()
  const json = response.headers.get('content-type')?.startsWith('application/json') && text !== ''
  const cost = /calls=(\d+) read=(\d+) written=(\d+)/.exec(response.headers.get('server-timing') ?? '')
  const [calls = 0, read = 0, written = 0] = cost?.slice(1).map(Number) ?? []
  return {
    status: response.status,
    headers: response.headers,
    body: json ? JSON.parse(text) : text,
    cost: { calls, read, written },
  }
}

/** One GET whose answer is bytes. */
export async function download(url: string, headers: Record<string, string> = {}) {
  const response = await exports.default.fetch(new URL(url, ORIGIN), { headers })
  return {
    status: response.status,
    headers: response.headers,
    bytes: new Uint8Array(await response.arrayBuffer()),
  }
}

type Send = (path: string, body?: unknown, headers?: Record<string, string>) => Promise<Answer>

/** Somebody, or nobody, who calls the API; `headers` go with every call. */
export interface Client {
  get: (path: string, headers?: Record<string, string>) => Promise<Answer>
  post: Send
  put: Send
  patch: Send
  delete: Send
  headers: Record<string, string>
}

export function client(headers: Record<string, string> = {}): Client {
  const send =
    (method: string): Send =>
    (path, body, more) =>
      call(method, path, { body, headers: { ...headers, ...more } })
  return {
    get: (path, more) => call('GET', path, { headers: { ...headers, ...more } }),
    post: send('POST'),
    put: send('PUT'),
    patch: send('PATCH'),
    delete: send('DELETE'),
    headers,
  }
}

export const anyone = client()

export interface Person extends Client {
  id: number
  username: string
  access: string
  refresh: string
}

/** Registers a new user and signs them in with a bearer token. */
export async function signUp(username: string, fields: Record<string, unknown> = {}): Promise<Person> {
  const { status, body } = await anyone.post('/dj-rest-auth/registration/', {
    username,
    password1: PASSWORD,
    password2: PASSWORD,
    ...fields,
  })
  expect(status, JSON.stringify(body)).toBe(201)
  return {
    ...client({ authorization: `Bearer ${body.access_token}` }),
    id: body.user.pk,
    username,
    access: body.access_token,
    refresh: body.refresh_token,
  }
}

/** A form with files, as browsers send it. */
export function form(fields: Record<string, string | File>): FormData {
  const data = new FormData()
  for (const [name, value] of Object.entries(fields)) data.set(name, value)
  return data
}

/** The rows of a statement: what is really stored. */
export async function stored<T = Record<string, unknown>>(query: string, ...values: unknown[]): Promise<T[]> {
  const { results } = await env.DB.prepare(query)
    .bind(...values)
    .all<T>()
  return results
}

/** Takes somebody out of the database by hand, after all that refers to them: the API keeps an empty row (`src/account/`). */
export const deleteByHand = (userId: number) =>
  env.DB.batch(
    [
      'delete from posts where owner_id = ?1',
      'delete from comments where owner_id = ?1',
      'delete from likes where owner_id = ?1',
      'delete from followers where ?1 in (owner_id, followed_id)',
      'delete from blocks where ?1 in (owner_id, blocked_id)',
      'delete from mutes where ?1 in (owner_id, muted_id)',
      'delete from follow_requests where ?1 in (owner_id, followed_id)',
      'delete from conversations where ?1 in (user_a, user_b)',
      'delete from notifications where recipient_id = ?1',
      'delete from users where id = ?1',
    ].map((statement) => env.DB.prepare(statement).bind(userId)),
  )

/** The keys in the bucket. */
export async function objectKeys(): Promise<string[]> {
  const keys: string[] = []
  for (let cursor: string | undefined; ; ) {
    const listed = await env.MEDIA.list(cursor === undefined ? {} : { cursor })
    keys.push(...listed.objects.map(({ key }) => key))
    if (!listed.truncated) return keys
    cursor = listed.cursor
  }
}
