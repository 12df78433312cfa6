import { beforeAll, describe, expect, it } from 'vitest'
import { ACCESS, AUTH, callWith, decodeJwt, logIn, REFRESH, sessionOf, setCookies } from '../auth-helpers'
import { anyone, client, form, ORIGIN, PASSWORD, type Person, signUp, stored } from '../client'

const DAY_SECONDS = 86_400
const LOGIN = `${AUTH}/login/`
const LOGOUT = `${AUTH}/logout/`
const REFRESH_PATH = `${AUTH}/token/refresh/`
const WRONG = { non_field_errors: ['Unable to log in with provided credentials.'] }
const NO_NAME = { non_field_errors: ['Must include "username" and "password".'] }

/** By `crypto.argon2Sync` of Node, with less memory and fewer passes than ours. */
const MADE_BY_NODE = {
  [PASSWORD]:
    '$argon2id$v=19$m=1024,t=1,p=1$MDEyMzQ1Njc4OWFiY2RlZg$AWrYdlcK3ObY1x7OCBQDhZc/VVsKoik1QDK3lQNfoCA',
  'Щука-и-лебедь-🦊':
    '$argon2id$v=19$m=1024,t=1,p=1$MDEyMzQ1Njc4OWFiY2RlZg$iOAbGOPp2mUCqXqcUaHxNViEr5VGCAVwY5CIh2knWaY',
}

let alice: Person
beforeAll(async () => {
  alice = await signUp('alice', { email: 'alice@example.com' })
  const inactive = await signUp('inactive')
  await stored('update users set is_active = 0 where id = ?', inactive.id)
})

describe('login', () => {
  const good = { username: 'alice', password: PASSWORD }

  it.each([
    ['a wrong password', { ...good, password: 'wrong' }, WRONG],
    ['a password in another case', { ...good, password: PASSWORD.toLowerCase() }, WRONG],
    ['a name in another case', { ...good, username: 'ALICE' }, WRONG],
    ['nobody', { ...good, username: 'nobody' }, WRONG],
    ['a name that nobody can have', { ...good, username: "x' or 1=1 --" }, WRONG],
    ['an inactive user', { ...good, username: 'inactive' }, WRONG],
    ['no name', { password: PASSWORD }, NO_NAME],
    ['a blank name', { ...good, username: '  ' }, NO_NAME],
    ['an address in place of a name', { email: 'alice@example.com', password: PASSWORD }, NO_NAME],
    ['nothing', {}, { password: ['This field is required.'] }],
    ['no password', { username: 'alice' }, { password: ['This field is required.'] }],
    ['a blank password', { ...good, password: ' ' }, { password: ['This field may not be blank.'] }],
    ['null for a password', { ...good, password: null }, { password: ['This field may not be null.'] }],
    ['a boolean for a password', { ...good, password: true }, { password: ['Not a valid string.'] }],
    [
      'lists',
      { username: [], password: {} },
      { username: ['Not a valid string.'], password: ['Not a valid string.'] },
    ],
    ['null for a name', { ...good, username: null }, { username: ['This field may not be null.'] }],
    ['a NUL', { ...good, password: 'a\0b' }, { password: ['Null characters are not allowed.'] }],
  ])('refuses %s', async (_, fields, errors) => {
    const before = await stored('select jti_hash from sessions')
    const { status, headers, body } = await anyone.post(LOGIN, fields)
    expect({ status, body, cookies: setCookies(headers) }).toEqual({ status: 400, body: errors, cookies: {} })
    expect(await stored('select jti_hash from sessions')).toEqual(before)
  })

  it('answers both tokens and the user, in at most two D1 calls', async () => {
    const { status, body, cost } = await anyone.post(
      LOGIN,
      { ...good, email: 'x' },
      { 'user-agent': 'a tablet' },
    )
    expect(status).toBe(200)
    expect(cost.calls).toBeLessThanOrEqual(2)
    expect(body).toEqual({
      access_token: expect.any(String),
      refresh_token: expect.any(String),
      device_token: expect.any(String),
      user: {
        pk: alice.id,
        username: 'alice',
        email: 'alice@example.com',
        first_name: '',
        last_name: '',
        profile_id: alice.id,
        profile_image: expect.stringMatching(`^${ORIGIN}/`),
      },
    })
    const tokens = {
      access: [body.access_token, 300],
      refresh: [body.refresh_token, 30 * DAY_SECONDS],
    } as const
    for (const [type, [token, seconds]] of Object.entries(tokens)) {
      const { header, claims } = decodeJwt(token)
      expect(header).toEqual({ alg: 'HS256', typ: 'JWT', kid: expect.any(String) })
      expect(claims).toEqual({
        token_type: type,
        exp: claims.iat + seconds,
        iat: expect.any(Number),
        jti: expect.any(String),
        user_id: alice.id,
      })
    }
    expect(await client({ authorization: `Bearer ${body.access_token}` }).get(`${AUTH}/user/`)).toMatchObject(
      {
        status: 200,
        body: body.user,
      },
    )
  })

  it('stores a session, of which nobody can make a token', async () => {
    const { body } = await anyone.post(LOGIN, good, { 'user-agent': 'a watch'.padEnd(1000, '!') })
    const { jti } = decodeJwt(body.refresh_token).claims
    const session = await sessionOf(body.refresh_token)
    expect(session).toMatchObject({ user_id: alice.id, revoked_at: null })
    expect(session?.user_agent).toMatch(/^a watch!{200,300}$/)
    expect(session?.expires_at).toBe(Number(session?.created_at) + 30 * DAY_SECONDS * 1000)
    const everything = JSON.stringify(await stored('select * from sessions'))
    for (const secret of [jti, body.refresh_token, body.access_token])
      expect(everything).not.toContain(secret)
  })

  it.each([
    ['http', 'http://api.test', ['samesite=lax'], []],
    ['https', 'https://api.test', ['samesite=none', 'secure'], ['partitioned']],
  ])('sets cookies for %s', async (_, origin, attributes, partitioned) => {
    const { headers, body } = await anyone.post(origin + LOGIN, good)
    expect(setCookies(headers)).toEqual({
      [ACCESS]: {
        value: body.access_token,
        attributes: ['httponly', 'max-age=300', ...partitioned, 'path=/', ...attributes],
      },
      [REFRESH]: {
        value: body.refresh_token,
        attributes: ['httponly', 'max-age=2592000', ...partitioned, 'path=/', ...attributes],
      },
      device: {
        value: body.device_token,
        attributes: ['httponly', 'max-age=31536000', ...partitioned, 'path=/', ...attributes],
      },
    })
  })

  it('gives tokens the lifetimes that are configured', async () => {
    const lifetimes = { ACCESS_TOKEN_SECONDS: '7', REFRESH_TOKEN_SECONDS: '70' }
    const { headers, body } = await callWith(lifetimes, 'POST', LOGIN, { body: good })
    const cookies = setCookies(headers)
    for (const [name, token, seconds] of [
      [ACCESS, body.access_token, 7],
      [REFRESH, body.refresh_token, 70],
    ] as const) {
      const { exp, iat } = decodeJwt(token).claims
      expect(exp - iat).toBe(seconds)
      expect(cookies[name]?.attributes).toContain(`max-age=${seconds}`)
    }
  })

  it.each([
    ['urlencoded', new URLSearchParams(good)],
    ['multipart', form(good)],
    ['JSON, with outer spaces', { username: ' alice ', password: ` ${PASSWORD} ` }],
  ])('takes %s', async (_, fields) => {
    expect(await anyone.post(LOGIN, fields)).toMatchObject({ status: 200, body: { user: { pk: alice.id } } })
  })

  it('reads a password to its end in any script, as other makers of hashes do', async () => {
    const password = 'Щука-и-лебедь-🦊'
    const olga = await signUp('olga', { password1: password, password2: password })
    const status = async (password: string) =>
      (await anyone.post(LOGIN, { username: 'olga', password })).status
    expect([await status('Щука-и-лебедь-🐻'), await status('Щука-и-рак-'), await status(password)]).toEqual([
      400, 400, 200,
    ])
    await stored('update users set password_hash = ? where id = ?', MADE_BY_NODE[password], olga.id)
    expect([await status('Щука-и-лебедь-🐻'), await status(password)]).toEqual([400, 200])
  })

  it('stores a hash made with weaker parameters anew, once the password is known to be right', async () => {
    const weak = MADE_BY_NODE[PASSWORD]
    const carol = await signUp('carol')
    await stored('update users set password_hash = ? where id = ?', weak, carol.id)
    const hash = async () =>
      (await stored('select password_hash from users where id = ?', carol.id))[0]?.password_hash

    expect((await anyone.post(LOGIN, { username: 'carol', password: 'wrong' })).status).toBe(400)
    expect(await hash()).toBe(weak)
    await logIn(carol)
    const renewed = await hash()
    expect(renewed).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[\w+/]{22}\$[\w+/]{43}$/)
    await logIn(carol)
    expect(await hash()).toBe(renewed)
  })
})

describe('login, registration, refresh and logout', () => {
  it.each([
    ['a garbage cookie', { cookie: `${ACCESS}=garbage; ${REFRESH}=garbage` }],
    ['a garbage header', { authorization: 'Bearer garbage' }],
    ['a header of three parts', { authorization: 'Bearer of bad news' }],
  ])('ignore %s', async (name, headers) => {
    const { refresh } = await logIn(alice)
    const passwords = { password1: PASSWORD, password2: PASSWORD }
    const username = name.replaceAll(' ', '-')
    expect((await anyone.post(LOGIN, { username: 'alice', password: PASSWORD }, headers)).status).toBe(200)
    expect((await anyone.post(`${AUTH}/registration/`, { username, ...passwords }, headers)).status).toBe(201)
    expect((await anyone.post(REFRESH_PATH, { refresh }, headers)).status).toBe(200)
    expect(await anyone.post(LOGOUT, undefined, headers)).toMatchObject({
      status: 200,
      body: { detail: 'Successfully logged out.' },
    })
  })
})
