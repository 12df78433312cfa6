/** What every call of the client does, with an API that answers as it is told to. */
import { describe, expect, it } from 'vitest'
import { ApiError, createClient, type Draft } from '../../client/index'
import { asyncStorage, EXPIRED, failureOf, json, NAME, scripted, storage, TOKENS, USER } from './scripted'

describe('errors', () => {
  it('say by their code what to do', async () => {
    const answers: [Response | Error, Partial<ApiError>][] = [
      [
        json({ title: ['This field is required.'] }, 400),
        { code: 'invalid', fields: { title: ['This field is required.'] } },
      ],
      [
        json(['Cannot start a chat with yourself.'], 400),
        { code: 'invalid', fields: { non_field_errors: ['Cannot start a chat with yourself.'] } },
      ],
      [
        json({ detail: 'possible duplicate' }, 400),
        { code: 'invalid', detail: 'possible duplicate', fields: {} },
      ],
      [json({ detail: 'No.' }, 401), { code: 'not_authenticated', detail: 'No.' }],
      [json({ detail: 'User is inactive', code: 'user_inactive' }, 401), { code: 'user_inactive' }],
      // Message calls answer lists, in which nothing is a field's error.
      [
        json({ detail: ['User not found'], code: ['user_not_found'], messages: [{ a: 'b' }] }, 401),
        { code: 'user_not_found', detail: 'User not found', fields: {} },
      ],
      [
        json({ detail: ['You may not.'] }, 403),
        { code: 'permission_denied', detail: 'You may not.', fields: {} },
      ],
      [json({ detail: 'Not found.' }, 404), { code: 'not_found', status: 404 }],
      [json({ detail: 'Too large.' }, 413), { code: 'too_large' }],
      [json({ detail: 'Used.' }, 422), { code: 'idempotency_key_reused' }],
      [json({ detail: 'Slow.' }, 429, { 'retry-after': '3600' }), { code: 'throttled', retryAfter: 3600 }],
      [json({ detail: 'Oops.' }, 500, { 'x-request-id': 'r1' }), { code: 'server_error', requestId: 'r1' }],
      [json({ detail: 'No.' }, 405), { code: 'refused', status: 405 }],
      [new Response('<html>', { status: 502 }), { code: 'server_error', message: 'HTTP 502' }],
      // What proxies answer, and other servers.
      [new Response('<html>', { status: 520 }), { code: 'server_error', status: 520 }],
      [new Response('<html>', { status: 524 }), { code: 'server_error', status: 524 }],
      [json({}, 418), { code: 'refused', status: 418 }],
      [new Response(null, { status: 301 }), { code: 'refused', status: 301 }],
      [new Response('<html>', { status: 200 }), { code: 'unreadable', status: 0 }],
      [new TypeError('fetch failed'), { code: 'network', status: 0 }],
    ]
    for (const [answer, expected] of answers) {
      const { api } = scripted(() => answer)
      const error = await failureOf(api.posts.update(1, { title: '' }))
      expect(error).toBeInstanceOf(ApiError)
      expect({ ...error, message: error.message }).toMatchObject(expected)
      expect(error.fields).toEqual(expected.fields ?? {})
    }
  })

  it('have any status that a proxy may think of, where the code stands for several', async () => {
    const { api } = scripted(() => new Response('<html>', { status: 524 }))
    const error = await failureOf(api.posts.get(1))
    // Compiles only as long as the union has room for them.
    expect(error.code === 'server_error' && error.status === 524).toBe(true)
    expect(error.code === 'refused' && error.status === 418).toBe(false)
    if (error.code === 'not_found') expect(error.status satisfies 404).toBe(404)
  })

  it('tell when to come back, also where a proxy says it as a date', async () => {
    const date = new Date(Date.now() + 90_000).toUTCString()
    const { api } = scripted(() => json({}, 429, { 'retry-after': date }))
    const { retryAfter } = await failureOf(api.posts.get(1))
    expect(retryAfter).toBeGreaterThan(80)
    expect(retryAfter).toBeLessThanOrEqual(90)
  })
})

describe('a call that is throttled', () => {
  it('waits once, whatever it does, and then fails with the error', async () => {
    const { api, requests } = scripted(() => json({ detail: 'Slow.' }, 429, { 'retry-after': '0' }))
    expect(await failureOf(api.posts.update(1, { title: 'A' }))).toMatchObject({
      code: 'throttled',
      retryAfter: 0,
    })
    expect(requests).toHaveLength(2)
  })

  it('succeeds where the wait was enough, with the same key', async () => {
    const { api, requests } = scripted(() =>
      requests.length === 1 ? json({}, 429, { 'retry-after': '0' }) : json({ id: 1 }, 201),
    )
    expect(await api.likes.create(1)).toEqual({ id: 1 })
    const keys = requests.map(({ headers }) => headers['idempotency-key'])
    expect(keys[0]).toMatch(/^[\x21-\x7e]{1,255}$/)
    expect(keys[1]).toBe(keys[0])
  })

  it('does not wait for longer than a minute, nor when it is aborted', async () => {
    const long = scripted(() => json({}, 429, { 'retry-after': '61' }))
    expect(await failureOf(long.api.posts.get(1))).toMatchObject({ code: 'throttled', retryAfter: 61 })
    expect(long.requests).toHaveLength(1)
    const stop = new AbortController()
    const short = scripted(() => {
      setTimeout(() => stop.abort(), 10)
      return json({}, 429, { 'retry-after': '60' })
    })
    expect(await failureOf(short.api.posts.get(1, { signal: stop.signal }))).toMatchObject({
      name: 'AbortError',
    })
  })
})

describe('a signal', () => {
  const image = new Blob(['x'])
  const calls: Record<
    string,
    (api: ReturnType<typeof createClient>, signal: AbortSignal) => Promise<unknown>
  > = {
    login: (api, signal) => api.login('a', 'b', { signal }),
    register: (api, signal) => api.register({ username: 'a', password1: 'b', password2: 'b' }, { signal }),
    me: (api, signal) => api.me({ signal }),
    updateMe: (api, signal) => api.updateMe({}, { signal }),
    changePassword: (api, signal) =>
      api.changePassword({ new_password1: 'a', new_password2: 'a' }, { signal }),
    requestPasswordReset: (api, signal) => api.requestPasswordReset('a@b.c', { signal }),
    resetPassword: (api, signal) =>
      api.resetPassword({ uid: '', token: '', new_password1: '', new_password2: '' }, { signal }),
    'users.list': (api, signal) => api.users.list({}, { signal }).page(),
    'users.get': (api, signal) => api.users.get(1, { signal }),
    'profiles.list': (api, signal) => api.profiles.list().page('', { signal }),
    'profiles.mostFollowed': (api, signal) => api.profiles.mostFollowed({ signal }).page(),
    'profiles.get': (api, signal) => api.profiles.get(1, { signal }),
    'profiles.update': (api, signal) => api.profiles.update(1, { image }, { signal }),
    'posts.list': async (api, signal) => {
      for await (const _ of api.posts.list({}, { signal }));
    },
    'posts.get': (api, signal) => api.posts.get(1, { signal }),
    'posts.create': (api, signal) => api.posts.create({ title: 'a', image }, { signal }),
    'posts.update': (api, signal) => api.posts.update(1, {}, { signal }),
    'posts.delete': (api, signal) => api.posts.delete(1, { signal }),
    'comments.list': (api, signal) => api.comments.list({}, { signal }).page(),
    'comments.get': (api, signal) => api.comments.get(1, { signal }),
    'comments.create': (api, signal) => api.comments.create({ post: 1, content: 'a' }, { signal }),
    'comments.update': (api, signal) => api.comments.update(1, {}, { signal }),
    'comments.delete': (api, signal) => api.comments.delete(1, { signal }),
    'likes.list': (api, signal) => api.likes.list({}, { signal }).page(),
    'likes.get': (api, signal) => api.likes.get(1, { signal }),
    'likes.create': (api, signal) => api.likes.create(1, { signal }),
    'likes.delete': (api, signal) => api.likes.delete(1, { signal }),
    'followers.list': (api, signal) => api.followers.list({}, { signal }).page(),
    'followers.get': (api, signal) => api.followers.get(1, { signal }),
    'followers.create': (api, signal) => api.followers.create(1, { signal }),
    'followers.delete': (api, signal) => api.followers.delete(1, { signal }),
    'messages.conversations': (api, signal) => api.messages.conversations('a', { signal }),
    'messages.thread': (api, signal) => api.messages.thread(1, { signal }).page(),
    'messages.around': (api, signal) => api.messages.around(1, {}, { signal }),
    'messages.send': (api, signal) => api.messages.send(1, { content: 'a' }, { signal }),
    'messages.update': (api, signal) => api.messages.update(1, { content: 'a' }, { signal }),
    'messages.delete': (api, signal) => api.messages.delete(1, { signal }),
    'messages.read': (api, signal) => api.messages.read(1, 2, { signal }),
    'messages.clear': (api, signal) => api.messages.clear(1, { signal }),
    'messages.sendUnsent': (api, signal) => api.messages.sendUnsent({ signal }),
  }

  /** Logging out does its work here whether or not the API answers. */
  const UNABORTED = ['logout', 'onAuthChange', 'conversation', 'live']

  it('goes with every call there is', () => {
    const { api } = scripted(() => undefined)
    const names = Object.entries(api).flatMap(([name, value]) =>
      typeof value === 'function' ? [name] : Object.keys(value).map((call) => `${name}.${call}`),
    )
    expect(names.filter((name) => !UNABORTED.includes(name)).sort()).toEqual(Object.keys(calls).sort())
  })

  it.each(Object.keys(calls))('ends %s, before and while it is under way', async (name) => {
    const stop = new AbortController()
    const { api, requests } = scripted(
      ({ signal }) =>
        new Promise((_, reject) => {
          signal?.addEventListener('abort', () => reject(signal.reason))
          setTimeout(() => stop.abort(), 1)
        }),
    )
    expect(await failureOf(calls[name]?.(api, stop.signal) ?? Promise.resolve())).toMatchObject({
      name: 'AbortError',
    })
    expect(requests).toHaveLength(1)
    expect(await failureOf(calls[name]?.(api, stop.signal) ?? Promise.resolve())).toMatchObject({
      name: 'AbortError',
    })
    expect(requests).toHaveLength(1)
  })

  it('ends the sending of what waits, which stays for another time', async () => {
    const drafts = new Map<string, Draft>()
    for (const content of ['one', 'two', 'three']) {
      const to = { api: 'https://api.test', owner: 1, recipient: 2 }
      drafts.set(content, { ...to, key: content, content, order: drafts.size })
    }
    // A `fetch` that looks at the signal, and one that does not.
    for (const looks of [true, false]) {
      const stop = new AbortController()
      const { api, paths } = scripted(
        ({ path }) => {
          if (path.includes('/user/')) return json(USER)
          stop.abort()
          return looks ? (stop.signal.reason as Error) : json({ id: 1 }, 201)
        },
        {
          storage: storage({ [NAME]: TOKENS }),
          outbox: {
            all: async () => [...drafts.values()],
            put: async (draft) => drafts.set(draft.key, draft),
            delete: async (key) => drafts.delete(key),
          },
        },
      )
      expect(await failureOf(api.messages.sendUnsent({ signal: stop.signal }))).toBe(stop.signal.reason)
      expect(paths()).toEqual(['GET /dj-rest-auth/user/', 'POST /messages/2/send/'])
      // It has its key: sent once more, it is not doubled.
      expect([...drafts.keys()]).toEqual(['one', 'two', 'three'])
    }
  })

  it('that comes while the storage is read keeps the call from being sent', async () => {
    const stop = new AbortController()
    const kept = asyncStorage({ [NAME]: TOKENS })
    const { api, requests } = scripted(() => json({ id: 1 }, 201), { storage: kept })
    const calling = failureOf(
      api.posts.create({ title: 'a', image }, { signal: stop.signal, onProgress: () => undefined }),
    )
    setTimeout(() => stop.abort(), 1)
    expect(await calling).toBe(stop.signal.reason)
    expect(requests).toEqual([])
  })

  it.each([200, 400, 401, 500])('is the reason also where the body of a %i is being read', async (status) => {
    for (const auth of ['bearer', 'cookie'] as const) {
      const stop = new AbortController()
      const body = () =>
        new ReadableStream({
          pull(controller) {
            stop.abort()
            controller.error(stop.signal.reason)
          },
        })
      const { api } = scripted(
        ({ path }) => (path.includes('/user/') ? json(USER) : new Response(body(), { status })),
        { storage: storage({ [NAME]: TOKENS }), auth },
      )
      await api.me()
      const seen: unknown[] = []
      api.onAuthChange((change) => seen.push(change))
      expect(await failureOf(api.posts.get(1, { signal: stop.signal }))).toBe(stop.signal.reason)
      expect(seen).toEqual([])
    }
  })

  it('ends the wait for a token that others wait for, too, and nothing else of it', async () => {
    let renew: () => void = () => undefined
    const { api } = scripted(
      ({ path, headers }) => {
        if (path.includes('refresh'))
          return new Promise((resolve) => {
            renew = () => resolve(json({ access: 'access.2' }))
          })
        return headers.authorization === 'Bearer access.2' ? json(USER) : json(EXPIRED, 401)
      },
      { storage: storage({ [NAME]: TOKENS }) },
    )
    const stop = new AbortController()
    const left = failureOf(api.me({ signal: stop.signal }))
    const stays = api.me()
    await new Promise((resolve) => setTimeout(resolve, 20))
    stop.abort()
    expect(await left).toMatchObject({ name: 'AbortError' })
    renew()
    expect(await stays).toMatchObject({ username: 'alice' })
  })
})

describe('pages', () => {
  const answer = (titles: string[], next: string | null) =>
    json({ count: 3, next, previous: null, results: titles.map((title) => ({ title })) })

  it('are asked for by cursor, as are all there are', async () => {
    const { api, paths } = scripted(({ path }) =>
      path.endsWith('cursor=')
        ? answer(['a', 'b'], 'https://api.test/posts/?search=x&cursor=c%3D1')
        : answer(['c'], null),
    )
    const list = api.posts.list({ search: 'x y&z', owner: undefined })
    expect(await list.page()).toEqual({ items: [{ title: 'a' }, { title: 'b' }], next: 'c=1', count: 3 })
    expect(await list.page('c=1')).toEqual({ items: [{ title: 'c' }], next: null, count: 3 })
    const titles: string[] = []
    for await (const { title } of list) titles.push(title)
    expect(titles).toEqual(['a', 'b', 'c'])
    expect(paths().slice(-2)).toEqual([
      'GET /posts/?search=x%20y%26z&cursor=',
      'GET /posts/?search=x%20y%26z&cursor=c%3D1',
    ])
  })
})

describe('an upload', () => {
  it('takes a Blob as it takes a File, and tells when it is done', async () => {
    const { api, requests } = scripted(() => json({ id: 1 }, 201))
    for (const image of [new Blob(['x'], { type: 'image/png' }), new File(['x'], 'a.png')]) {
      const told: unknown[] = []
      await api.posts.create({ title: 'A', image }, { onProgress: (progress) => told.push(progress) })
      const body = requests.at(-1)?.body as FormData
      expect(body.get('title')).toBe('A')
      expect(await (body.get('image') as File).text()).toBe('x')
      expect(told).toEqual([{ stage: 'uploading', fraction: 1 }])
    }
  })

  it('reads what only has an address, and says under `image` where it cannot', async () => {
    const { api, requests } = scripted(() => json({ id: 1 }, 201))
    await api.posts.create({ title: 'A', image: { uri: 'data:image/png;base64,eA==' } })
    const sent = requests[0]?.body as FormData
    expect(await (sent.get('image') as File).text()).toBe('x')
    const error = await failureOf(api.posts.create({ title: 'A', image: { uri: 'nowhere:1' } }))
    expect(error).toMatchObject({ code: 'bad_image', fields: { image: ['The image cannot be read.'] } })
  })

  it('prepares images where it is told how, once for all attempts, for what is to take them', async () => {
    const asked: number[] = []
    const { api, requests } = scripted(
      () => (requests.length === 1 ? new TypeError('lost') : json({ id: 1 }, 201)),
      {
        images: async () => ({
          async prepareImage(image, { maxBytes, onProgress }) {
            asked.push(maxBytes)
            onProgress?.(0.5)
            if (image.size > 3) throw new Error('This browser cannot read the image.')
            return { image: new Blob(['small']), thumbhash: '1QcSHQ' }
          },
        }),
      },
    )
    const placeholders = () => requests.map(({ body }) => (body as FormData).get('image_thumbhash'))
    const told: unknown[] = []
    const image = new Blob(['big'])
    await api.posts.create({ title: 'A', image }, { onProgress: (progress) => told.push(progress) })
    const [lost, sent] = requests.map(({ body }) => (body as FormData).get('image') as File)
    expect([await lost?.text(), await sent?.text()]).toEqual(['small', 'small'])
    expect(placeholders()).toEqual(['1QcSHQ', '1QcSHQ'])
    expect(told).toEqual([
      { stage: 'preparing', fraction: 0.5 },
      { stage: 'uploading', fraction: 1 },
    ])
    await api.messages.send(2, { image })
    expect(placeholders().at(-1)).toBe('1QcSHQ')
    expect(asked).toEqual([2 * 1024 * 1024, 5 * 1024 * 1024])
    await api.profiles.update(1, { image, image_thumbhash: 'their own' })
    expect(placeholders().at(-1)).toBe('their own')
    expect(await failureOf(api.posts.create({ title: 'A', image: new Blob(['too big']) }))).toMatchObject({
      code: 'bad_image',
      fields: { image: ['This browser cannot read the image.'] },
    })
  })
})

it('outside of pages an address has to be whole', () => {
  expect(() => createClient({ baseUrl: '/api' })).toThrow('baseUrl must begin with')
})
