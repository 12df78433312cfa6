import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  ACCESS,
  AUTH,
  browser,
  CLEARED,
  decodeJwt,
  isRevoked,
  jwt,
  logIn,
  REFRESH,
  sessionOf,
  setCookies,
  type Tokens,
} from '../auth-helpers'
import { anyone, client, form, PASSWORD, type Person, signUp, stored } from '../client'

const LOGIN = `${AUTH}/login/`
const LOGOUT = `${AUTH}/logout/`
const REFRESH_PATH = `${AUTH}/token/refresh/`
const VERIFY = `${AUTH}/token/verify/`
const INVALID = { detail: 'Token is invalid or expired', code: 'token_not_valid' }
const WRONG_TYPE = { detail: 'Token has wrong type', code: 'token_not_valid' }

let alice: Person
let bob: Person
let inactive: Person
beforeAll(async () => {
  alice = await signUp('alice')
  bob = await signUp('bob')
  inactive = await signUp('inactive')
  await stored('update users set is_active = 0 where id = ?', inactive.id)
})

describe('logout', () => {
  const cookies = ({ access, refresh }: Tokens) => `${ACCESS}=${access}; ${REFRESH}=${refresh}`

  it.each<[string, (tokens: Tokens) => Promise<Record<string, string>>]>([
    ['a bearer token', async ({ access }) => ({ authorization: `Bearer ${access}` })],
    [
      'a bearer token that ran out',
      async ({ access }) => ({
        authorization: `Bearer ${await jwt({ ...decodeJwt(access).claims, exp: 1 })}`,
      }),
    ],
    ['cookies', async (tokens) => ({ cookie: cookies(tokens) })],
    ['the access cookie alone', async ({ access }) => ({ cookie: `${ACCESS}=${access}` })],
    ['the refresh cookie alone', async ({ refresh }) => ({ cookie: `${REFRESH}=${refresh}` })],
    [
      'a garbage access cookie',
      async ({ refresh }) => ({ cookie: `${ACCESS}=garbage; ${REFRESH}=${refresh}` }),
    ],
    [
      'an access cookie that ran out',
      async ({ access, refresh }) => {
        const expired = await jwt({ ...decodeJwt(access).claims, exp: 1 })
        return { cookie: `${ACCESS}=${expired}; ${REFRESH}=${refresh}` }
      },
    ],
    [
      'axios’ bare multipart type',
      async (tokens) => ({ cookie: cookies(tokens), 'content-type': 'multipart/form-data' }),
    ],
  ])('ends the session, of those of the same user: %s', async (_, credentials) => {
    const ended = await logIn(alice)
    const other = await logIn(alice)
    const answer = await anyone.post(LOGOUT, undefined, await credentials(ended))
    expect(answer).toMatchObject({ status: 200, body: { detail: 'Successfully logged out.' } })
    expect(setCookies(answer.headers)).toEqual({ [ACCESS]: CLEARED, [REFRESH]: CLEARED })
    expect([await isRevoked(ended.refresh), await isRevoked(other.refresh)]).toEqual([true, false])
    const refreshed = await anyone.post(REFRESH_PATH, { refresh: ended.refresh })
    expect([refreshed.status, refreshed.body]).toEqual([401, INVALID])
    expect((await anyone.post(REFRESH_PATH, { refresh: other.refresh })).status).toBe(200)
  })

  it('is nothing special for who is not signed in, or signed out before', async () => {
    const { refresh } = await logIn(alice)
    for (const headers of [{}, { cookie: `${REFRESH}=${refresh}` }, { cookie: `${REFRESH}=${refresh}` }]) {
      const answer = await anyone.post(LOGOUT, undefined, headers)
      expect(answer.status).toBe(200)
      expect(setCookies(answer.headers)).toEqual({ [ACCESS]: CLEARED, [REFRESH]: CLEARED })
    }
  })

  it('clears cookies as they were set, or browsers keep them', async () => {
    const { headers } = await anyone.post(`https://api.test${LOGOUT}`)
    expect(setCookies(headers)[ACCESS]?.attributes).toEqual([
      'httponly',
      'max-age=0',
      'partitioned',
      'path=/',
      'samesite=none',
      'secure',
    ])
  })
})

describe('token/refresh', () => {
  it('gives an access token and its cookie, and leaves the refresh token good', async () => {
    const { refresh } = await logIn(alice)
    for (let round = 0; round < 2; round++) {
      const { status, headers, body, cost } = await anyone.post(REFRESH_PATH, { refresh })
      expect([status, cost.calls]).toEqual([200, 1])
      expect(body).toEqual({ access: expect.any(String), access_token_expiration: expect.any(String) })
      const { claims } = decodeJwt(body.access)
      expect(claims).toMatchObject({ token_type: 'access', user_id: alice.id, exp: claims.iat + 300 })
      expect(body.access_token_expiration).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/)
      expect(setCookies(headers)).toEqual({
        [ACCESS]: { value: body.access, attributes: ['httponly', 'max-age=300', 'path=/', 'samesite=lax'] },
      })
      expect((await client({ authorization: `Bearer ${body.access}` }).get(`${AUTH}/user/`)).status).toBe(200)
    }
  })

  it('works ten times at once', async () => {
    const { refresh } = await logIn(alice)
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => anyone.post(REFRESH_PATH, { refresh })),
    )
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(200))
    expect(await isRevoked(refresh)).toBe(false)
  })

  it.each([
    ['JSON', (refresh: string) => ({ refresh })],
    ['a form', (refresh: string) => new URLSearchParams({ refresh })],
    ['a multipart form', (refresh: string) => form({ refresh })],
  ])('takes the token of the body before the cookie’s: %s', async (_, fields) => {
    const { refresh } = await logIn(alice)
    const other = await logIn(bob)
    const cookie = `${REFRESH}=${other.refresh}`
    const { body } = await anyone.post(REFRESH_PATH, fields(refresh), { cookie })
    expect(decodeJwt(body.access).claims.user_id).toBe(alice.id)
    expect((await anyone.post(REFRESH_PATH, fields('garbage'), { cookie })).status).toBe(401)
  })

  it.each([
    ['an empty object', {}, {}],
    ['nothing', undefined, {}],
    ['axios’ bare multipart type', undefined, { 'content-type': 'multipart/form-data' }],
  ])('takes the cookie’s when the body is %s', async (_, body, headers) => {
    const someone = browser()
    await someone.post(LOGIN, { username: 'alice', password: PASSWORD })
    const refreshed = await someone.post(REFRESH_PATH, body, headers)
    expect(refreshed.status).toBe(200)
    expect(someone.cookies.get(ACCESS)).toBe(refreshed.body.access)
  })

  it.each<[string, () => Promise<unknown>, number, object]>([
    ['garbage', async () => 'garbage', 401, INVALID],
    ['an access token', async () => (await logIn(alice)).access, 401, WRONG_TYPE],
    ['blank', async () => '', 400, { refresh: ['This field may not be blank.'] }],
    ['null', async () => null, 400, { refresh: ['This field may not be null.'] }],
    ['a list', async () => [], 400, { refresh: ['Not a valid string.'] }],
    ['a token of no session', () => jwt({ token_type: 'refresh', user_id: alice.id }), 401, INVALID],
    [
      'a session’s token that ran out',
      async () => jwt({ ...decodeJwt((await logIn(alice)).refresh).claims, exp: 1 }),
      401,
      INVALID,
    ],
    [
      'a token of somebody else’s session',
      async () => jwt({ ...decodeJwt((await logIn(alice)).refresh).claims, user_id: bob.id }),
      401,
      INVALID,
    ],
    [
      'a token signed by others',
      async () => jwt({ token_type: 'refresh' }, { secret: 'x'.repeat(32) }),
      401,
      INVALID,
    ],
    [
      'a session that ran out',
      async () => {
        const { refresh } = await logIn(alice)
        await stored(
          'update sessions set expires_at = 1 where jti_hash = ?',
          (await sessionOf(refresh))?.jti_hash,
        )
        return refresh
      },
      401,
      INVALID,
    ],
    ['an inactive user’s token', async () => inactive.refresh, 401, INVALID],
    [
      'a deleted user’s token',
      async () => {
        const gone = await signUp('gone')
        await stored('delete from users where id = ?', gone.id)
        expect(await sessionOf(gone.refresh)).toBeUndefined()
        return gone.refresh
      },
      401,
      INVALID,
    ],
  ])('refuses %s, even beside a good cookie', async (_, token, status, error) => {
    const cookie = `${REFRESH}=${(await logIn(bob)).refresh}`
    const answer = await anyone.post(REFRESH_PATH, { refresh: await token() }, { cookie })
    expect({ status: answer.status, body: answer.body }).toEqual({ status, body: error })
    expect(setCookies(answer.headers)).toEqual({})
  })

  it('refuses to do with nothing, and clears a cookie that is bad', async () => {
    const none = await anyone.post(REFRESH_PATH, {})
    expect([none.status, none.body]).toEqual([
      401,
      { detail: 'No valid refresh token found.', code: 'token_not_valid' },
    ])
    expect(none.headers.get('www-authenticate')).toBe('Bearer realm="api"')
    const bad = await anyone.post(REFRESH_PATH, {}, { cookie: `${REFRESH}=garbage` })
    expect([bad.status, bad.body, setCookies(bad.headers)]).toEqual([401, INVALID, { [REFRESH]: CLEARED }])
  })

  it('records when a session was last used, though not at every use', async () => {
    const { refresh } = await logIn(alice)
    const lastUsed = async () => Number((await sessionOf(refresh))?.last_used_at)
    const first = await lastUsed()
    expect((await anyone.post(REFRESH_PATH, { refresh })).cost.written).toBe(0)
    expect(await lastUsed()).toBe(first)
    await stored(
      'update sessions set last_used_at = 5 where jti_hash = ?',
      (await sessionOf(refresh))?.jti_hash,
    )
    await anyone.post(REFRESH_PATH, { refresh })
    expect(await lastUsed()).toBeGreaterThanOrEqual(first)
  })
})

describe('token/verify', () => {
  it('takes both types', async () => {
    for (const token of [alice.access, alice.refresh, await jwt({ user_id: alice.id })])
      expect(await anyone.post(VERIFY, { token })).toMatchObject({ status: 200, body: {} })
  })

  it.each<[string, () => Promise<unknown>, number, object]>([
    ['garbage', async () => 'a.b.c', 401, INVALID],
    ['a token that ran out', () => jwt({ user_id: 1, exp: 1 }), 401, INVALID],
    ['a token signed by others', () => jwt({ user_id: 1 }, { secret: `${env.JWT_SECRET}!` }), 401, INVALID],
    ['nothing', async () => undefined, 400, { token: ['This field is required.'] }],
    ['blank', async () => '', 400, { token: ['This field may not be blank.'] }],
    ['null', async () => null, 400, { token: ['This field may not be null.'] }],
  ])('refuses %s', async (_, token, status, error) => {
    const answer = await anyone.post(VERIFY, { token: await token() })
    expect({ status: answer.status, body: answer.body }).toEqual({ status, body: error })
  })
})
