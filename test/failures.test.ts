import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import worker from '../src/index'
import { ACCESS, AUTH, brokenDb, callWith, logIn, REFRESH, recordLogs, setCookies } from './auth-helpers'
import { anyone, client, ORIGIN, PASSWORD, type Person, signUp, stored } from './client'
import { d1Error } from './faulty-db'

const LOGIN = `${AUTH}/login/`
const USER = `${AUTH}/user/`
const REGISTRATION = `${AUTH}/registration/`

let alice: Person
beforeAll(async () => {
  alice = await signUp('alice', { email: 'alice@example.com' })
})
afterEach(() => {
  vi.restoreAllMocks()
})

/** Every kind of request that reaches the database. */
const requests = (): [string, string, { headers?: Record<string, string>; body?: object }][] => [
  ['GET', '/posts/', {}],
  ['GET', '/users/', { headers: alice.headers }],
  ['GET', USER, { headers: alice.headers }],
  ['GET', USER, { headers: { cookie: `${REFRESH}=${alice.refresh}` } }],
  ['PATCH', USER, { headers: alice.headers, body: { first_name: 'Al' } }],
  ['POST', LOGIN, { body: { username: 'alice', password: PASSWORD } }],
  ['POST', REGISTRATION, { body: registration }],
  ['POST', `${AUTH}/token/refresh/`, { body: { refresh: alice.refresh } }],
  ['POST', `${AUTH}/logout/`, { headers: alice.headers }],
  ['POST', `${AUTH}/password/reset/`, { body: { email: 'alice@example.com' } }],
  ['POST', '/posts/', { headers: alice.headers, body: { title: 'lost' } }],
]
const registration = { username: 'bob', email: 'bob@example.com', password1: PASSWORD, password2: PASSWORD }
const SECRETS = /Zx9!kkqwPlum|@example|eyJ|argon2/

describe('the database fails', () => {
  it.each(['Network connection lost.', 'D1 DB is overloaded. Requests queued for too long.'])(
    '%s: 503, to be tried again',
    async (message) => {
      const logs = recordLogs()
      for (const [method, path, options] of requests()) {
        logs.length = 0
        const DB = brokenDb(d1Error(message))
        const { status, headers, body } = await callWith({ DB }, method, path, options)
        expect([method, path, status, body]).toEqual([
          method,
          path,
          503,
          { detail: 'The service is unavailable for the moment. Please try again.' },
        ])
        expect(headers.get('retry-after')).toMatch(/^\d+$/)
        expect(headers.get('cache-control')).toBe('private, no-store')
        expect(setCookies(headers)).toEqual({})
        expect(logs.join()).toContain(headers.get('x-request-id'))
        expect(logs.join()).toContain(message)
        expect(logs.join()).not.toMatch(SECRETS)
      }
      expect(await stored('select id from users where username = ?', 'bob')).toEqual([])
    },
  )

  it('in a way that nobody thought of: 500, which tells nothing', async () => {
    const logs = recordLogs()
    for (const [method, path, options] of requests()) {
      const DB = brokenDb(d1Error(`no such column: x: SQLITE_ERROR\nparams: alice@example.com,${PASSWORD}`))
      const { status, headers, body } = await callWith({ DB }, method, path, options)
      expect([method, path, status, body]).toEqual([
        method,
        path,
        500,
        { detail: 'A server error occurred.' },
      ])
      expect(headers.get('x-request-id')).toMatch(/^[\w-]{36}$/)
    }
    expect(logs.join()).toContain('no such column: x')
    expect(logs.join()).not.toMatch(SECRETS)
  })
})

describe('the configuration is no good', () => {
  const short = 'a-short-secret'

  it.each<[string, object, string]>([
    ['no secret', { JWT_SECRET: undefined }, 'JWT_SECRET is not set'],
    ['a blank secret', { JWT_SECRET: '' }, 'JWT_SECRET is not set'],
    ['a short secret', { JWT_SECRET: short }, 'JWT_SECRET must have at least 32 characters'],
    ['a short previous secret', { JWT_SECRET_PREVIOUS: short }, 'JWT_SECRET_PREVIOUS must have at least 32'],
    ['an odd lifetime', { ACCESS_TOKEN_SECONDS: short }, 'ACCESS_TOKEN_SECONDS must be a whole number'],
    ['a lifetime of none', { REFRESH_TOKEN_SECONDS: '0' }, 'REFRESH_TOKEN_SECONDS must be a whole number'],
  ])('%s: nothing is served, and the log says why', async (_, bindings, reason) => {
    const logs = recordLogs()
    for (const [method, path] of [
      ['GET', '/posts/'],
      ['GET', '/nowhere/'],
      ['GET', '/media/x'],
      ['POST', LOGIN],
      ['OPTIONS', '/posts/'],
    ] as const) {
      logs.length = 0
      const { status, headers, body } = await callWith({ ...bindings }, method, path)
      expect([path, status, body]).toEqual([
        path,
        503,
        { detail: 'The service is not configured. Its log says what is missing.' },
      ])
      expect(headers.get('retry-after')).toMatch(/^\d+$/)
      expect(logs.join()).toContain(reason)
      expect(logs.join()).not.toContain(short)
    }
  })

  it('an asterisk among CLIENT_ORIGINS is no origin: nothing is served, and the log says what is wrong', async () => {
    const headers = { origin: 'https://evil.example', cookie: `${ACCESS}=${alice.access}` }
    const { status, headers: answered } = await callWith({ CLIENT_ORIGINS: '*' }, 'GET', USER, { headers })
    expect([status, answered.get('access-control-allow-origin')]).toEqual([503, null])
  })

  it('no CLIENT_ORIGINS let nobody in', async () => {
    for (const CLIENT_ORIGINS of [undefined, '']) {
      const headers = { origin: 'https://evil.example', cookie: `${ACCESS}=${alice.access}` }
      const read = await callWith({ CLIENT_ORIGINS }, 'GET', USER, { headers })
      expect([read.status, read.headers.get('access-control-allow-origin')]).toEqual([200, null])
      const write = await callWith({ CLIENT_ORIGINS }, 'PATCH', USER, { headers, body: { first_name: 'E' } })
      expect(write.status).toBe(403)
    }
  })
})

describe('the log', () => {
  it('has a line for every request, and none of what is people’s own', async () => {
    const logs = recordLogs()
    const { access, refresh } = await logIn(alice)
    const somebody = client({ authorization: `Bearer ${access}` })
    const cookie = `${ACCESS}=${access}; ${REFRESH}=${refresh}`
    await anyone.post(REGISTRATION, { ...registration, username: 'carol' })
    await anyone.post(REGISTRATION, { ...registration, username: 'carol', password2: 'x' })
    await anyone.post(LOGIN, { username: 'alice', password: `${PASSWORD}!` })
    await anyone.post(LOGIN, `{"password":"${PASSWORD}`, { 'content-type': 'application/json' })
    await somebody.get('/users/?username=alice@example.com')
    await anyone.get(USER, { cookie })
    await anyone.get(USER, { cookie: `${REFRESH}=${refresh}` })
    await anyone.get(USER, { cookie: `${ACCESS}=${refresh}` })
    await anyone.post(`${AUTH}/token/refresh/`, { refresh })
    await anyone.post(`${AUTH}/token/verify/`, { token: `${access}x` })
    await anyone.post(`${AUTH}/password/reset/`, { email: 'alice@example.com' })
    await somebody.post(`${AUTH}/password/change/`, {
      new_password1: `${PASSWORD}!`,
      new_password2: `${PASSWORD}!`,
    })
    await anyone.post(`${AUTH}/logout/`, undefined, { cookie })
    await anyone.get('/users/alice@example.com')

    const lines = logs.map((line) => JSON.parse(line))
    const answered = lines.filter((line) => line.status !== undefined)
    expect(answered).toHaveLength(15)
    for (const line of answered) {
      expect(line).toEqual({
        requestId: expect.any(String),
        method: expect.stringMatching(/^(GET|POST)$/),
        path: expect.stringMatching(/^\/[\w/-]+…?$/),
        status: expect.any(Number),
        ms: expect.any(Number),
        d1: { calls: expect.any(Number), rowsRead: expect.any(Number), rowsWritten: expect.any(Number) },
      })
    }
    const all = logs.join('\n')
    expect(all).not.toMatch(SECRETS)
    for (const secret of [env.JWT_SECRET, access, refresh, access.split('.')[2] ?? '?'])
      expect(all).not.toContain(secret)
  })
})

describe('a client that hangs up', () => {
  it.each([
    'application/json',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'text/plain',
  ])('in the middle of %s is no fault of ours', async (type) => {
    const logs = recordLogs()
    const body = new ReadableStream({
      start: (controller) => controller.error(new Error('Network connection lost.')),
    })
    const request = new Request(`${ORIGIN}${LOGIN}`, {
      method: 'POST',
      headers: { 'content-type': type },
      body,
    })
    const context = createExecutionContext()
    const response = await worker.fetch(request, env, context)
    await waitOnExecutionContext(context)
    expect(response.status).toBe(400)
    expect(await response.json()).toEqual({ detail: 'The body ended too early.' })
    expect(logs.filter((line) => line.includes('internal'))).toEqual([])
  })
})
