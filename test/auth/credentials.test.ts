import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { ACCESS, AUTH, CLEARED, callWith, decodeJwt, jwt, logIn, REFRESH, setCookies } from '../auth-helpers'
import { anyone, type Person, signUp, stored } from '../client'

const USER = `${AUTH}/user/`
const ANONYMOUS = { detail: 'Authentication credentials were not provided.' }
const BAD_HEADER = {
  detail: 'Authorization header must contain two space-delimited values',
  code: 'bad_authorization_header',
}
const badToken = (message: string) => ({
  detail: 'Given token not valid for any token type',
  code: 'token_not_valid',
  messages: [{ token_class: 'AccessToken', token_type: 'access', message }],
})
const INVALID = badToken('Token is invalid or expired')

const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
const base64url = (value: object) => btoa(JSON.stringify(value)).replace(/=+$/, '')

let alice: Person
let bob: Person
beforeAll(async () => {
  alice = await signUp('alice')
  bob = await signUp('bob')
})

describe('a header', () => {
  it('wins over a cookie', async () => {
    const cookie = `${ACCESS}=${alice.access}`
    expect(await anyone.get(USER, { ...bearer(bob.access), cookie })).toMatchObject({
      body: { username: 'bob' },
    })
    const bad = await anyone.get(USER, { ...bearer('garbage'), cookie })
    expect([bad.status, bad.body, setCookies(bad.headers)]).toEqual([401, INVALID, {}])
  })

  it.each(['Basic YWxpY2U6eA==', 'Token x', 'bearer x', 'BearerX y', 'Bearer,x'])(
    '%s is no credential, and leaves none',
    async (authorization) => {
      const headers = { authorization, cookie: `${ACCESS}=${alice.access}` }
      const { status, headers: answered, body } = await anyone.get(USER, headers)
      expect([status, body]).toEqual([401, ANONYMOUS])
      expect(answered.get('www-authenticate')).toBe('Bearer realm="api"')
      expect(await anyone.get(`/profiles/${alice.id}/`, headers)).toMatchObject({
        status: 200,
        body: { is_owner: false },
      })
    },
  )

  it.each(['Bearer', 'Bearer one two', 'Bearer  one  two  three'])('%s is refused', async (authorization) => {
    for (const path of [USER, '/posts/']) {
      const { status, headers, body } = await anyone.get(path, { authorization })
      expect([status, body]).toEqual([401, BAD_HEADER])
      expect(headers.get('www-authenticate')).toBe('Bearer realm="api"')
    }
  })
})

describe('a token is refused, even where none is needed:', () => {
  it.each<[string, () => string | Promise<string>, object]>([
    ['garbage', () => 'garbage', INVALID],
    ['two parts', () => alice.access.split('.').slice(0, 2).join('.'), INVALID],
    ['four parts', () => `${alice.access}.x`, INVALID],
    ['three empty parts', () => '..', INVALID],
    ['no JSON', () => 'bm8.bm8.bm8', INVALID],
    [
      'a token that ran out',
      () => jwt({ user_id: alice.id, exp: Math.floor(Date.now() / 1000) - 1 }),
      INVALID,
    ],
    ['one without an end', () => jwt({ user_id: alice.id, exp: undefined }), INVALID],
    ['another’s signature', () => jwt({ user_id: alice.id }, { secret: 'z'.repeat(40) }), INVALID],
    [
      'changed claims',
      () => {
        const [header, , signature] = alice.access.split('.')
        return `${header}.${base64url({ ...decodeJwt(alice.access).claims, user_id: bob.id })}.${signature}`
      },
      INVALID,
    ],
    [
      'the algorithm "none", unsigned',
      () => `${base64url({ alg: 'none' })}.${base64url(decodeJwt(alice.access).claims)}.`,
      INVALID,
    ],
    ['the algorithm "none", signed', () => jwt({ user_id: alice.id }, { header: { alg: 'none' } }), INVALID],
    ['another algorithm', () => jwt({ user_id: alice.id }, { header: { alg: 'HS512' } }), INVALID],
    ['no algorithm', () => jwt({ user_id: alice.id }, { header: { typ: 'JWT' } }), INVALID],
    ['a refresh token', () => alice.refresh, badToken('Token has wrong type')],
    [
      'a token of no type',
      () => jwt({ user_id: alice.id, token_type: undefined }),
      badToken('Token has no type'),
    ],
    [
      'a token of another type',
      () => jwt({ user_id: alice.id, token_type: 'x' }),
      badToken('Token has wrong type'),
    ],
    [
      'a token of nobody',
      () => jwt({}),
      { detail: 'Token contained no recognizable user identification', code: 'token_not_valid' },
    ],
    ['an odd user', () => jwt({ user_id: { $ne: 0 } }), INVALID],
  ])('%s', async (_, make, error) => {
    const token = await make()
    for (const headers of [bearer(token), { cookie: `${ACCESS}=${token}` }] as Record<string, string>[]) {
      for (const path of [USER, '/posts/', '/nowhere/']) {
        const answer = await anyone.get(path, headers)
        expect([path, answer.status, answer.body]).toEqual([path, 401, error])
        expect(setCookies(answer.headers)).toEqual(headers.cookie ? { [ACCESS]: CLEARED } : {})
      }
    }
  })

  it('an empty cookie is none', async () => {
    expect((await anyone.get('/posts/', { cookie: `${ACCESS}=; ${REFRESH}=` })).status).toBe(200)
  })
})

describe.each([
  ['deleted', 'delete from users where id = ?', { detail: 'User not found', code: 'user_not_found' }],
  [
    'inactive',
    'update users set is_active = 0 where id = ?',
    { detail: 'User is inactive', code: 'user_inactive' },
  ],
])('a user who is %s since', (state, statement, error) => {
  let carol: Person
  beforeAll(async () => {
    carol = await signUp(`carol-${state}`)
    await stored(statement, carol.id)
  })

  it('is told so, on public reads as well, and loses their cookies', async () => {
    for (const path of [USER, '/posts/', `/profiles/${alice.id}/`, '/users/']) {
      const { status, headers, body } = await carol.get(path)
      expect([path, status, body]).toEqual([path, 401, error])
      expect(headers.get('www-authenticate')).toBe('Bearer realm="api"')
    }
    const cookie = `${ACCESS}=${carol.access}; ${REFRESH}=${carol.refresh}`
    const { status, headers, body } = await anyone.get('/posts/', { cookie })
    expect([status, body, setCookies(headers)]).toEqual([
      401,
      error,
      { [ACCESS]: CLEARED, [REFRESH]: CLEARED },
    ])
  })

  it('writes nothing', async () => {
    for (const answer of [
      await carol.post('/posts/', { title: `by carol-${state}` }),
      await carol.post('/followers/', { followed: alice.id }),
      await carol.patch(USER, { first_name: 'C' }),
      await carol.post(`${AUTH}/password/change/`, {
        new_password1: 'Qw8#mmztRust',
        new_password2: 'Qw8#mmztRust',
      }),
    ]) {
      expect([answer.status, answer.body]).toEqual([401, error])
    }
    expect(await stored('select id from posts where title = ?', `by carol-${state}`)).toEqual([])
    expect(await stored('select id from followers where owner_id = ?', carol.id)).toEqual([])
  })

  it('is not signed in by a refresh cookie', async () => {
    const cookie = `${REFRESH}=${carol.refresh}`
    expect(await anyone.get(USER, { cookie })).toMatchObject({ status: 401, body: ANONYMOUS })
    expect(setCookies((await anyone.get('/posts/', { cookie })).headers)).toEqual({ [REFRESH]: CLEARED })
  })
})

describe('secrets are rotated', () => {
  const next = { JWT_SECRET: 'the next secret, of which nobody knows yet' }
  const rotated = { ...next, JWT_SECRET_PREVIOUS: env.JWT_SECRET }
  const statusOf = async (bindings: object, token: string) =>
    (await callWith({ ...bindings }, 'GET', USER, { headers: bearer(token) })).status

  it('tokens of the previous one stay good for as long as it is told', async () => {
    expect(await statusOf(rotated, alice.access)).toBe(200)
    expect(await statusOf(next, alice.access)).toBe(401)
  })

  it('new ones are signed with the current one, which their header names', async () => {
    const body = { refresh: (await logIn(alice)).refresh }
    const refreshed = await callWith(rotated, 'POST', `${AUTH}/token/refresh/`, { body })
    expect(refreshed.status).toBe(200)
    const { access } = refreshed.body
    expect(decodeJwt(access).header.kid).not.toBe(decodeJwt(alice.access).header.kid)
    expect([await statusOf(rotated, access), await statusOf(next, access)]).toEqual([200, 200])
    expect(await statusOf({}, access)).toBe(401)
  })

  it('tokens that name no key are tried with both', async () => {
    const claims = { user_id: alice.id }
    const [old, young] = [await jwt(claims), await jwt(claims, { secret: next.JWT_SECRET })]
    expect([await statusOf(rotated, old), await statusOf(rotated, young)]).toEqual([200, 200])
    expect([await statusOf(next, old), await statusOf(next, young)]).toEqual([401, 200])
  })

  it('a token that names one key and is signed by the other is refused', async () => {
    const header = { alg: 'HS256', kid: decodeJwt(alice.access).header.kid }
    expect(await statusOf(rotated, await jwt({ user_id: alice.id }, { header }))).toBe(200)
    expect(
      await statusOf(rotated, await jwt({ user_id: alice.id }, { header, secret: next.JWT_SECRET })),
    ).toBe(401)
  })
})
