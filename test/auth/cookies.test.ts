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
  setCookies,
} from '../auth-helpers'
import { anyone, client, PASSWORD, type Person, signUp, stored } from '../client'

const USER = `${AUTH}/user/`
const LOGIN = `${AUTH}/login/`
const ANONYMOUS = { detail: 'Authentication credentials were not provided.' }
const FORBIDDEN = { detail: 'You do not have permission to perform this action.' }

let alice: Person
beforeAll(async () => {
  alice = await signUp('alice')
})

describe('a browser that knows only its cookies', () => {
  const login = { username: 'alice', password: PASSWORD }

  it('has a day with them', async () => {
    const tab = browser()
    expect(await tab.get(USER)).toMatchObject({ status: 401, body: ANONYMOUS })
    await tab.post(LOGIN, login)
    const refresh = tab.cookies.get(REFRESH) ?? ''
    expect(await tab.get(USER)).toMatchObject({
      status: 200,
      body: { username: 'alice' },
      cost: { calls: 1 },
    })
    const post = await tab.post('/posts/', { title: 'before breakfast' })
    expect(post).toMatchObject({ status: 201, body: { owner: 'alice' } })

    // Five minutes later.
    tab.cookies.delete(ACCESS)
    const reload = await tab.get(`/posts/${post.body.id}/`)
    expect(reload).toMatchObject({ status: 200, body: { is_owner: true } })
    expect(setCookies(reload.headers)).toEqual({
      [ACCESS]: {
        value: expect.any(String),
        attributes: ['httponly', 'max-age=300', 'path=/', 'samesite=lax'],
      },
    })
    expect(decodeJwt(tab.cookies.get(ACCESS) ?? '').claims).toMatchObject({
      token_type: 'access',
      user_id: alice.id,
    })
    const again = await tab.get(USER)
    expect([again.status, again.cost.calls, setCookies(again.headers)]).toEqual([200, 1, {}])

    // And once more, when what it does first is a write, or fails.
    tab.cookies.delete(ACCESS)
    expect((await tab.patch(`/posts/${post.body.id}/`, { title: 'after lunch' })).status).toBe(200)
    tab.cookies.delete(ACCESS)
    expect((await tab.get('/posts/999999/')).status).toBe(404)
    expect(tab.cookies.get(ACCESS)).toBeDefined()

    // A session that was ended elsewhere is nobody’s; the access cookie lives out its minutes.
    expect((await tab.post(`${AUTH}/logout/`)).status).toBe(200)
    // The device stays: it is what keeps others from locking its owner out.
    expect([...tab.cookies.keys()]).toEqual(['device'])
    const stale = browser({ [REFRESH]: refresh })
    const read = await stale.get(`/posts/${post.body.id}/`)
    expect([read.status, read.body.is_owner, setCookies(read.headers)]).toEqual([
      200,
      false,
      { [REFRESH]: CLEARED },
    ])
    expect((await stale.delete(`/posts/${post.body.id}/`)).status).toBe(401)
    expect(await stored('select title from posts where id = ?', post.body.id)).toEqual([
      { title: 'after lunch' },
    ])

    expect((await stale.post(LOGIN, login)).status).toBe(200)
    expect((await stale.delete(`/posts/${post.body.id}/`)).status).toBe(204)
  })

  it('loses a bad access cookie and is renewed by the next request', async () => {
    const tab = browser({ [ACCESS]: 'garbage', [REFRESH]: (await logIn(alice)).refresh })
    expect([(await tab.get('/posts/')).status, (await tab.get(USER)).status]).toEqual([401, 200])
  })

  it('is nobody, and not refused, with a refresh cookie that is bad', async () => {
    for (const refresh of [
      'garbage',
      alice.access,
      await jwt({ token_type: 'refresh', user_id: alice.id }),
    ]) {
      const tab = browser({ [REFRESH]: refresh })
      expect([(await tab.get('/posts/')).status, (await tab.get(USER)).status]).toEqual([200, 401])
      expect(tab.cookies.size).toBe(0)
    }
  })

  it('loses the refresh cookie of a session that has ended, and pays for looking it up but once', async () => {
    const { refresh } = await logIn(alice)
    await anyone.post(`${AUTH}/logout/`, undefined, { cookie: `${REFRESH}=${refresh}` })
    const tab = browser({ [REFRESH]: refresh })
    const first = await tab.get('/posts/')
    expect([first.status, first.cost.calls, setCookies(first.headers)]).toEqual([
      200,
      2,
      { [REFRESH]: CLEARED },
    ])
    expect((await tab.get('/posts/')).cost.calls).toBe(1)
    const refused = await browser({ [REFRESH]: refresh }).get(USER)
    expect([refused.status, setCookies(refused.headers)]).toEqual([401, { [REFRESH]: CLEARED }])
  })

  it('is renewed in many requests at once', async () => {
    const cookie = `${REFRESH}=${(await logIn(alice)).refresh}`
    const answers = await Promise.all(Array.from({ length: 10 }, () => anyone.get(USER, { cookie })))
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(200))
  })
})

describe('a write that cookies sign in', () => {
  const FOREIGN: Record<string, string>[] = [
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { origin: 'http://localhost:3001' },
    { origin: 'http://localhost:3000.evil.example' },
    { origin: 'https://api.test' },
    { origin: 'https://evil.example', 'sec-fetch-site': 'same-origin' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
  ]
  const KNOWN: Record<string, string>[] = [
    {},
    { origin: 'http://localhost:3000', 'sec-fetch-site': 'cross-site' },
    { origin: 'http://api.test', 'sec-fetch-site': 'same-origin' },
    { 'sec-fetch-site': 'same-origin' },
    { 'sec-fetch-site': 'none' },
  ]
  const postsOf = ({ id }: Person) => stored('select id, title from posts where owner_id = ?', id)

  it.each(FOREIGN)('is refused from elsewhere: %j', async (from) => {
    const { body: mine } = await alice.post('/posts/', { title: 'mine' })
    const before = await postsOf(alice)
    const { access, refresh } = await logIn(alice)
    for (const cookie of [`${ACCESS}=${access}`, `${REFRESH}=${refresh}`]) {
      const headers = { cookie, ...from }
      for (const answer of [
        await anyone.post('/posts/', { title: 'forged' }, headers),
        await anyone.put(`/posts/${mine.id}/`, { title: 'forged' }, headers),
        await anyone.patch(`/posts/${mine.id}/`, { title: 'forged' }, headers),
        await anyone.delete(`/posts/${mine.id}/`, undefined, headers),
        await anyone.post(`${AUTH}/logout/`, undefined, headers),
      ]) {
        expect([answer.status, answer.body, setCookies(answer.headers)]).toEqual([403, FORBIDDEN, {}])
      }
      expect((await anyone.get(USER, headers)).status).toBe(200)
    }
    const renewal = await anyone.post(
      `${AUTH}/token/refresh/`,
      {},
      { cookie: `${REFRESH}=${refresh}`, ...from },
    )
    expect([renewal.status, renewal.body]).toEqual([403, FORBIDDEN])
    expect(await postsOf(alice)).toEqual(before)
    expect(await isRevoked(refresh)).toBe(false)
  })

  it.each(KNOWN)('is taken from here: %j', async (from) => {
    const { access, refresh } = await logIn(alice)
    for (const cookie of [`${ACCESS}=${access}`, `${REFRESH}=${refresh}`]) {
      expect((await anyone.post('/posts/', { title: 'from here' }, { cookie, ...from })).status).toBe(201)
    }
  })

  it.each(FOREIGN)('with a bearer token or none, may come from anywhere: %j', async (from) => {
    const { access, refresh } = await logIn(alice)
    const signedIn = client({ authorization: `Bearer ${access}` })
    expect((await signedIn.post('/posts/', { title: 'anywhere' }, from)).status).toBe(201)
    expect((await anyone.post('/posts/', { title: 'anywhere' }, from)).status).toBe(401)
    expect((await anyone.post(LOGIN, { username: 'alice', password: PASSWORD }, from)).status).toBe(200)
    expect((await anyone.post(`${AUTH}/token/refresh/`, { refresh }, from)).status).toBe(200)
    expect((await signedIn.post(`${AUTH}/logout/`, undefined, from)).status).toBe(200)
  })
})
