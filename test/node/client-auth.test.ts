/** Tokens and who is signed in, with an API that answers as it is told to. */
import { describe, expect, it } from 'vitest'
import {
  asyncStorage,
  EXPIRED,
  FORMER,
  failureOf,
  json,
  NAME,
  SESSION,
  type Sent,
  scripted,
  storage,
  TOKENS,
  USER,
} from './scripted'

describe('tokens', () => {
  const signedIn = ({ headers }: Sent) =>
    headers.authorization === 'Bearer access.1' ? json(USER) : json({ detail: 'No.' }, 401)

  it('survive in storage that answers at once or later', async () => {
    for (const make of [storage, asyncStorage]) {
      const kept = make()
      const first = scripted(() => json(SESSION), { storage: kept })
      await first.api.login('alice', 'secret')
      expect(JSON.parse(kept.kept.get(NAME) ?? '')).toEqual({
        access: 'access.1',
        refresh: 'refresh.1',
        user: 1,
      })
      const later = scripted(signedIn, { storage: make(Object.fromEntries(kept.kept)) })
      expect(await later.api.me()).toEqual(USER)
    }
  })

  it.each(['', 'garbage', '{', 'null', '[]', '"text"', '{"access":1}', '{"access":"a"}'])(
    'that are %j are none',
    async (text) => {
      const kept = asyncStorage({ [NAME]: text })
      const { api, requests } = scripted(
        (sent) => (sent.method === 'POST' ? json(SESSION) : signedIn(sent)),
        { storage: kept },
      )
      expect(await failureOf(api.me())).toMatchObject({ code: 'not_authenticated' })
      expect(requests[0]?.headers).not.toHaveProperty('authorization')
      await api.login('alice', 'secret')
      expect(await api.me()).toEqual(USER)
    },
  )

  it('are kept in memory by storage that throws, now or later, at reading or at writing', async () => {
    const now = () => {
      throw new Error('denied')
    }
    const later = () => Promise.reject(new Error('denied'))
    const old = () => JSON.stringify({ access: 'of.somebody', refresh: 'else' })
    for (const storage of [
      { getItem: now, setItem: now, removeItem: now },
      { getItem: later, setItem: later, removeItem: later },
      { getItem: old, setItem: now, removeItem: now },
      { getItem: later, setItem: () => undefined, removeItem: () => undefined },
    ]) {
      const { api } = scripted((sent) => (sent.method === 'POST' ? json(SESSION) : signedIn(sent)), {
        storage,
      })
      await api.login('alice', 'secret')
      expect(await api.me()).toEqual(USER)
      await api.logout()
      expect(await failureOf(api.me())).toMatchObject({ status: 401 })
    }
  })

  it('go to the API that gave them, and to no other', async () => {
    const kept = storage({ [NAME]: TOKENS })
    const { api, requests } = scripted(() => json({ detail: 'No.' }, 401), {
      baseUrl: 'https://two.test',
      storage: kept,
    })
    expect(await failureOf(api.me())).toMatchObject({ code: 'not_authenticated' })
    expect(requests[0]?.headers).not.toHaveProperty('authorization')
    expect(await api.logout()).toEqual({ sessionEnded: true })
    expect([...kept.kept]).toEqual([[NAME, TOKENS]])
  })

  it.each([
    ['at once', storage],
    ['later', asyncStorage],
  ])('of a version that had one name for all APIs are taken over, once, %s', async (_, make) => {
    const kept = make({ [FORMER]: TOKENS })
    const { api } = scripted(
      ({ path, ...sent }) => (path.includes('logout') ? json({ detail: '' }) : signedIn({ path, ...sent })),
      { storage: kept },
    )
    expect(await api.me()).toEqual(USER)
    expect([...kept.kept]).toEqual([[NAME, TOKENS]])
    await api.logout()
    expect(await failureOf(api.me())).toMatchObject({ status: 401 })
    expect(kept.kept.size).toBe(0)
  })

  it('are renewed, and the fresh refresh token is kept where there is one', async () => {
    for (const refresh of [undefined, 'refresh.2']) {
      const kept = storage({ [NAME]: TOKENS })
      const { api, requests } = scripted(
        ({ path, headers }) => {
          if (path.includes('refresh'))
            return json({ access: 'access.2', access_token_expiration: '', refresh })
          return headers.authorization === 'Bearer access.2' ? json(USER) : json(EXPIRED, 401)
        },
        { storage: kept },
      )
      expect(await api.me()).toEqual(USER)
      expect(requests.find(({ path }) => path.includes('refresh'))?.body).toBe('{"refresh":"refresh.1"}')
      expect(JSON.parse(kept.kept.get(NAME) ?? '')).toEqual({
        access: 'access.2',
        refresh: refresh ?? 'refresh.1',
        user: 1,
      })
    }
  })

  it('are renewed for message calls, too, whose errors are lists', async () => {
    const lists = { detail: [EXPIRED.detail], code: [EXPIRED.code] }
    const { api } = scripted(
      ({ path, headers }) => {
        if (path.includes('refresh')) return json({ access: 'access.2' })
        return headers.authorization === 'Bearer access.2' ? json({ id: 5 }, 201) : json(lists, 401)
      },
      { storage: storage({ [NAME]: TOKENS }) },
    )
    expect(await api.messages.send(2, { content: 'Hello' })).toEqual({ id: 5 })
  })

  it('are gone after a logout without a connection; with one the session ends by its refresh token', async () => {
    const offline = storage({ [NAME]: TOKENS })
    const { api } = scripted(() => new TypeError('fetch failed'), { storage: offline })
    const leaving = api.logout()
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(offline.kept.size).toBe(0)
    expect(await leaving).toEqual({ sessionEnded: false })
    const online = scripted(() => json({ detail: 'Successfully logged out.' }), {
      storage: storage({ [NAME]: TOKENS }),
    })
    expect(await online.api.logout()).toEqual({ sessionEnded: true })
    expect(online.requests[0]?.headers.authorization).toBe('Bearer refresh.1')
  })
})

describe('onAuthChange', () => {
  it('tells of signing in and out, and of a session that is over, until it is ended', async () => {
    let isOver = false
    const { api } = scripted(({ path }) => {
      if (path.includes('login') || path.includes('registration')) return json(SESSION)
      if (path.includes('logout')) return json({ detail: '' })
      return isOver ? json(EXPIRED, 401) : json(USER)
    })
    const seen: unknown[] = []
    const end = api.onAuthChange((change) => seen.push(change))
    await api.login('alice', 'secret')
    await api.logout()
    await api.register({ username: 'alice', password1: 'secret', password2: 'secret' })
    isOver = true
    await failureOf(Promise.all([api.me(), api.posts.list().page()]))
    await failureOf(api.me())
    end()
    await api.login('alice', 'secret')
    expect(seen).toEqual([
      { type: 'signed-in', user: USER },
      { type: 'signed-out', why: 'logout' },
      { type: 'signed-in', user: USER },
      { type: 'signed-out', why: 'expired' },
    ])
  })

  it('tells pages that have only cookies when these are gone, once; and a login when they never come', async () => {
    let cookies = true
    const { api } = scripted(
      ({ path }) =>
        path.includes('login') ? json(SESSION) : cookies ? json(USER) : json({ detail: 'No.' }, 401),
      { auth: 'cookie' },
    )
    const seen: unknown[] = []
    api.onAuthChange((change) => seen.push(change.type))
    await api.login('alice', 'secret')
    cookies = false
    expect(await failureOf(api.me())).toMatchObject({ code: 'not_authenticated' })
    expect(await failureOf(api.me())).toMatchObject({ code: 'not_authenticated' })
    expect(seen).toEqual(['signed-in', 'signed-out'])
    expect(await failureOf(api.login('alice', 'secret'))).toMatchObject({ code: 'cookies_blocked' })
    expect(seen).toHaveLength(2)
  })
})
