/** Ended means ended: nothing that was given out for a session is worth anything from the moment it ends. */
import { beforeAll, describe, expect, it } from 'vitest'
import { ACCESS, AUTH, browser, callWith, decodeJwt, jwt, logIn, REFRESH, setCookies } from '../auth-helpers'
import { anyone, type Client, client, PASSWORD, type Person, signUp, stored } from '../client'
import { createPost, signUpCast } from '../fixtures/factories'
import { conversationOf, expectAlive, listen } from '../sockets'

const ENDED = {
  detail: 'Given token not valid for any token type',
  code: 'token_not_valid',
  messages: [{ token_class: 'AccessToken', token_type: 'access', message: 'Token is invalid or expired' }],
}
const NEW = 'Qw8#mmztRust'
const twice = (password: string) => ({ new_password1: password, new_password2: password })
const bearer = (access: string): Client => client({ authorization: `Bearer ${access}` })
const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'
const IPHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1'

let alice: Person
let bob: Person
let carol: Person
beforeAll(async () => {
  ;({ alice, bob, carol } = await signUpCast())
})

describe('an access token of an ended session', () => {
  it('does nothing at all: reads, public ones included, writes, and what needs no database', async () => {
    const mine = await createPost(alice)
    const { access, refresh } = await logIn(alice)
    const thief = bearer(access)
    expect((await thief.get(`${AUTH}/user/`)).cost.calls).toBe(1)
    await anyone.post(`${AUTH}/logout/`, undefined, { cookie: `${REFRESH}=${refresh}` })
    for (const answer of [
      await thief.get(`${AUTH}/user/`),
      await thief.get('/posts/'),
      await thief.get(`/posts/${mine.id}/`),
      await thief.get('/messages/'),
      await thief.get('/sessions/'),
      await thief.get(`/messages/${alice.id}/`),
      await thief.post(`/messages/${alice.id}/read/`, { up_to: 1 }),
      await thief.post('/posts/', { title: 'stolen' }),
      await thief.patch(`/posts/${mine.id}/`, { title: 'stolen' }),
      await thief.delete(`/posts/${mine.id}/`),
      await thief.post(`${AUTH}/password/change/`, twice(NEW)),
      await thief.patch(`${AUTH}/user/`, { username: 'stolen' }),
      await thief.delete('/sessions/'),
    ]) {
      expect([answer.status, answer.body]).toEqual([401, ENDED])
    }
    // Errors of calls that send a message have lists for values.
    const sent = await thief.post(`/messages/${bob.id}/send/`, { content: 'stolen' })
    expect([sent.status, sent.body.code]).toEqual([401, ['token_not_valid']])
    expect((await alice.get(`/posts/${mine.id}/`)).body.title).toBe(mine.title)
    expect((await anyone.post(`${AUTH}/login/`, { username: 'alice', password: PASSWORD })).status).toBe(200)
    expect((await alice.get(`${AUTH}/user/`)).status).toBe(200)
  })

  it('costs a live one a row, and no call', async () => {
    const named = await alice.get('/users/1/')
    const unnamed = await bearer(await jwt({ user_id: alice.id })).get('/users/1/')
    expect([named.status, named.cost.calls, unnamed.status, unnamed.cost.calls]).toEqual([200, 1, 200, 1])
    expect(named.cost.read - unnamed.cost.read).toBeLessThanOrEqual(1)
  })

  it('is one of another session that ran out, or of somebody else’s session', async () => {
    const { access, refresh } = await logIn(alice)
    const { claims } = decodeJwt(access)
    const posing = await jwt({ ...claims, user_id: bob.id })
    expect((await bearer(posing).get(`${AUTH}/user/`)).status).toBe(401)
    await stored(
      'update sessions set expires_at = 1 where user_id = ? and jti_hash like ?',
      alice.id,
      `${claims.jti.split('.')[0]}%`,
    )
    expect((await bearer(access).get(`${AUTH}/user/`)).status).toBe(401)
    expect((await anyone.post(`${AUTH}/token/refresh/`, { refresh })).status).toBe(401)
  })

  it('is not good for token/verify, nor is its refresh token', async () => {
    const { access, refresh } = await logIn(alice)
    const verify = async (token: string) => (await anyone.post(`${AUTH}/token/verify/`, { token })).status
    expect([await verify(access), await verify(refresh)]).toEqual([200, 200])
    await bearer(access).post(`${AUTH}/logout/`)
    expect([await verify(access), await verify(refresh)]).toEqual([401, 401])
    const gone = await signUp('gone')
    await stored('update users set is_active = 0 where id = ?', gone.id)
    expect([await verify(gone.access), await verify(gone.refresh)]).toEqual([401, 401])
  })

  it('ends nothing a second time: one call, no object is asked', async () => {
    const { access } = await logIn(alice)
    await bearer(access).post(`${AUTH}/logout/`)
    let asked = 0
    const DB = {
      withSession: (...args: unknown[]) => {
        asked += 1
        return realDb.withSession(...(args as [string]))
      },
    }
    const { env } = await import('cloudflare:workers')
    const realDb = env.DB
    const again = await callWith({ DB }, 'POST', `${AUTH}/logout/`, {
      headers: { authorization: `Bearer ${access}` },
    })
    // The request's own; closing sockets would open another.
    expect([again.status, asked]).toEqual([200, 1])
  })
})

describe('sockets', () => {
  it('are closed whoever else has conversations with their user, and listening makes no conversation', async () => {
    const { access } = await logIn(carol)
    const socket = await listen({ headers: { authorization: `Bearer ${access}` } }, bob)
    const heard = () => stored('select user_id, other_id from listeners where user_id = ?', carol.id)
    expect(await heard()).toEqual([{ user_id: carol.id, other_id: bob.id }])
    expect(await stored('select 1 from conversations where user_a = ?1 or user_b = ?1', carol.id)).toEqual([])
    await stored(
      `with recursive n(i) as (select 1 union all select i + 1 from n where i < 1000)
      insert into users (id, username, username_key, password_hash, created_at, profile_updated_at)
        select 100000 + i, 'throwaway' || i, 'throwaway' || i, '', 0, 0 from n`,
    )
    await stored(
      `insert into conversations (id, user_a, user_b) select id, ?, id from users where id > 100000`,
      carol.id,
    )
    await bearer(access).post(`${AUTH}/logout/`)
    expect(await socket.closed).toEqual({ code: 4401, reason: 'signed out' })
    await expect.poll(heard).toEqual([])
  })

  it('may be open on 100 conversations, and are forgotten when they close', async () => {
    const dave = await signUp('dave')
    await stored(
      `with recursive n(i) as (select 1 union all select i + 1 from n where i < 99)
      insert into listeners (user_id, other_id) select ?, 200000 + i from n`,
      dave.id,
    )
    const last = await listen(dave, bob)
    const second = await listen(dave, bob)
    await expect(listen(dave, alice)).rejects.toThrow('429')
    last.close()
    second.close()
    await expect
      .poll(() => stored('select 1 from listeners where user_id = ? and other_id = ?', dave.id, bob.id))
      .toEqual([])
    const other = await listen(dave, alice)
    await expectAlive(other, alice, dave)
  })

  it('say nothing more once the session has ended, even where nobody closed them', async () => {
    const [erin, frank] = [await signUp('erin'), await signUp('frank')]
    const socket = await listen(erin, frank)
    await expectAlive(socket, frank, erin)
    await stored('update sessions set revoked_at = 1 where user_id = ?', erin.id)
    socket.send({ type: 'send', content: 'too late', key: 'k' })
    expect((await socket.until('error')).errors).toEqual({ detail: ['Token is invalid or expired'] })
    expect((await socket.closed).code).toBe(4401)
    const asked = await conversationOf(erin, frank).commit({
      type: 'send',
      userId: erin.id,
      session: decodeJwt(erin.access).claims.jti.split('.')[0],
      content: 'too late',
    })
    expect(asked).toEqual({ ok: false, why: 'token_not_valid' })
    expect((await frank.get(`/messages/${erin.id}/`)).body.count).toBe(1)
  })
})

describe('GET /sessions/', () => {
  const signIn = async (person: Person, userAgent: string) =>
    (
      await anyone.post(
        `${AUTH}/login/`,
        { username: person.username, password: PASSWORD },
        { 'user-agent': userAgent },
      )
    ).body.access_token as string

  it('is for who is signed in', async () => {
    for (const answer of [
      await anyone.get('/sessions/'),
      await anyone.delete('/sessions/'),
      await anyone.delete('/sessions/0123456789abcdef/'),
    ])
      expect(answer.status).toBe(401)
  })

  it('says where they are signed in, and ends one or all others', async () => {
    const grace = await signUp('grace')
    const here = bearer(await signIn(grace, FIREFOX))
    const phone = bearer(await signIn(grace, IPHONE))
    const { status, body, cost } = await here.get('/sessions/')
    expect([status, cost.calls, body.length]).toEqual([200, 1, 3])
    const byDevice = (device: string) => body.find((session: { device: string }) => session.device === device)
    const iso = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
    expect(byDevice('Firefox on Linux')).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{16}$/),
      device: 'Firefox on Linux',
      created: iso,
      last_used: iso,
      ends: iso,
      is_current: true,
    })
    const { id } = byDevice('Safari on iPhone')
    expect((await bob.delete(`/sessions/${id}/`)).status).toBe(404)
    expect((await here.delete(`/sessions/${id.slice(0, 4)}/`)).status).toBe(404)
    expect((await phone.get(`${AUTH}/user/`)).status).toBe(200)
    expect((await here.delete(`/sessions/${id}/`)).status).toBe(204)
    expect((await phone.get(`${AUTH}/user/`)).status).toBe(401)
    expect((await here.delete(`/sessions/${id}/`)).status).toBe(404)
    expect((await here.delete('/sessions/')).status).toBe(204)
    expect((await grace.get(`${AUTH}/user/`)).status).toBe(401)
    expect((await here.get('/sessions/')).body.map((one: { is_current: boolean }) => one.is_current)).toEqual(
      [true],
    )
    expect((await bob.get(`${AUTH}/user/`)).status).toBe(200)
  })

  it('lists 100 at most: whoever signs in once more loses the one that was not used for longest', async () => {
    const heidi = await signUp('heidi')
    await stored(
      `with recursive n(i) as (select 1 union all select i + 1 from n where i < 120)
      insert into sessions (jti_hash, user_id, created_at, last_used_at, expires_at)
        select printf('%064d', i), ?, i, i, 9999999999999 from n`,
      heidi.id,
    )
    const here = bearer(await signIn(heidi, FIREFOX))
    expect((await here.get('/sessions/')).body).toHaveLength(100)
    expect(await stored('select count(*) as n from sessions where user_id = ?', heidi.id)).toEqual([
      { n: 100 },
    ])
    expect((await heidi.get(`${AUTH}/user/`)).status).toBe(200)
  })

  it('tells of a new device by mail, once, at a proved address, in words of its own', async () => {
    const ivan = await signUp('ivan', { email: 'ivan@example.com' })
    const mails: { to: string; text: string }[] = []
    const bindings = {
      MAIL_FROM: 'noreply@example.com',
      SEND_EMAIL: { send: async (mail: never) => void mails.push(mail) },
    }
    const enter = (userAgent: string) =>
      callWith(bindings, 'POST', `${AUTH}/login/`, {
        headers: { 'user-agent': userAgent },
        body: { username: 'ivan', password: PASSWORD },
      })
    await enter(FIREFOX)
    expect(mails).toEqual([])
    await stored('update users set email_verified_at = 1 where id = ?', ivan.id)
    await enter(FIREFOX)
    expect(mails).toEqual([])
    await enter('Visit https://evil.example now! Firefox/1 (Windows)')
    await enter('Visit https://evil.example now! Firefox/1 (Windows)')
    expect(mails.map(({ to }) => to)).toEqual(['ivan@example.com'])
    expect(mails[0]?.text).toContain('Firefox on Windows')
    expect(mails[0]?.text).not.toMatch(/evil|ivan|https?:/)
    const here = await logIn(ivan)
    await callWith(bindings, 'POST', `${AUTH}/password/change/`, {
      headers: { authorization: `Bearer ${here.access}` },
      body: twice(NEW),
    })
    expect(mails.at(-1)).toMatchObject({ to: 'ivan@example.com', subject: 'Your password was changed' })
  })
})

describe('people who come back', () => {
  const halfSpend = async (refresh: string) => {
    const { claims } = decodeJwt(refresh)
    const now = Math.floor(Date.now() / 1000)
    return jwt({ ...claims, iat: now - 20 * 86_400, exp: now + 10 * 86_400 })
  }

  it('get a fresh refresh token of the same session, and keep the old one', async () => {
    const { refresh } = await logIn(alice)
    const old = await halfSpend(refresh)
    await stored(
      'update sessions set created_at = created_at - ?1, expires_at = expires_at - ?1 where user_id = ?2',
      20 * 86_400_000,
      alice.id,
    )
    const { status, body, headers, cost } = await anyone.post(`${AUTH}/token/refresh/`, { refresh: old })
    expect([status, cost.calls]).toEqual([200, 1])
    const fresh = decodeJwt(body.refresh).claims
    expect(fresh.exp - fresh.iat).toBeGreaterThan(29 * 86_400)
    expect(setCookies(headers)[REFRESH]?.value).toBe(body.refresh)
    for (const token of [old, body.refresh])
      expect((await anyone.post(`${AUTH}/token/refresh/`, { refresh: token })).status).toBe(200)
    const names = [
      body.access,
      (await anyone.post(`${AUTH}/token/refresh/`, { refresh: body.refresh })).body.access,
    ].map((token) => decodeJwt(token).claims.jti.split('.')[0])
    expect(new Set(names).size).toBe(1)

    const tab = browser({ [REFRESH]: old })
    await tab.get(`${AUTH}/user/`)
    expect(tab.cookies.get(REFRESH)).not.toBe(old)
    await bearer(body.access).post(`${AUTH}/logout/`)
    for (const token of [old, body.refresh, tab.cookies.get(REFRESH)])
      expect((await anyone.post(`${AUTH}/token/refresh/`, { refresh: token })).status).toBe(401)
  })

  it('have a session for a year, and access tokens and cookies that end with it', async () => {
    const { refresh } = await logIn(alice)
    const old = await halfSpend(refresh)
    const year = 365 * 86_400_000
    const end = Date.now() + 60_000
    await stored(
      'update sessions set created_at = ?, expires_at = ? where user_id = ?',
      end - year,
      end,
      alice.id,
    )
    const { body, headers } = await anyone.post(`${AUTH}/token/refresh/`, { refresh: old })
    expect(body.refresh).toBeUndefined()
    expect(decodeJwt(body.access).claims.exp * 1000).toBeLessThanOrEqual(end + 1000)
    const maxAge = /max-age=(\d+)/.exec(setCookies(headers)[ACCESS]?.attributes.join() ?? '')?.[1]
    expect(Number(maxAge)).toBeLessThanOrEqual(60)
    const [row] = await stored('select max(expires_at) as ends from sessions where user_id = ?', alice.id)
    expect(row?.ends).toBe(end)
  })
})

describe('pages of other sites', () => {
  const login = { username: 'bob', password: PASSWORD }

  it.each([{ origin: 'https://evil.example' }, { origin: 'null' }, { 'sec-fetch-site': 'cross-site' }])(
    'set no cookies: %j',
    async (from: Record<string, string>) => {
      const signedIn = await anyone.post(`${AUTH}/login/`, login, from)
      expect([signedIn.status, setCookies(signedIn.headers)]).toEqual([200, {}])
      const refresh = signedIn.body.refresh_token
      const refreshed = await anyone.post(`${AUTH}/token/refresh/`, { refresh }, from)
      expect([refreshed.status, setCookies(refreshed.headers)]).toEqual([200, {}])
      const out = await anyone.post(`${AUTH}/logout/`, undefined, from)
      expect([out.status, setCookies(out.headers)]).toEqual([200, {}])
    },
  )

  it('embed what anybody sees', async () => {
    const { access, refresh } = await logIn(bob)
    const embedded = { 'sec-fetch-mode': 'no-cors', 'sec-fetch-site': 'cross-site' }
    for (const cookie of [`${ACCESS}=${access}`, `${REFRESH}=${refresh}`]) {
      const answer = await anyone.get(`${AUTH}/user/`, { cookie, ...embedded })
      expect([answer.status, setCookies(answer.headers)]).toEqual([401, {}])
      expect((await anyone.get('/posts/', { cookie, ...embedded })).status).toBe(200)
      const own = { 'sec-fetch-mode': 'no-cors', 'sec-fetch-site': 'same-origin' }
      expect((await anyone.get(`${AUTH}/user/`, { cookie, ...own })).status).toBe(200)
    }
  })
})

describe('REQUIRE_OLD_PASSWORD', () => {
  it('asks for it', async () => {
    const judy = await signUp('judy')
    const change = (fields: object) =>
      callWith({ REQUIRE_OLD_PASSWORD: 'true' }, 'POST', `${AUTH}/password/change/`, {
        headers: judy.headers,
        body: { ...twice(NEW), ...fields },
      })
    const { status, body } = await change({})
    expect([status, body]).toEqual([400, { old_password: ['This field is required.'] }])
    expect((await change({ old_password: PASSWORD })).status).toBe(200)
  })
})
