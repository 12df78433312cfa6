/** Around the routes: configuration, hosts, origins, parts of images, filters, tokens, and errors that forms can show. */
import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { app } from '../src/app'
import { AUTH, callWith, jwt } from './auth-helpers'
import { anyone, call, client, download, form, ORIGIN, signUp } from './client'
import { gif, jpeg, png } from './fixtures/images'

const [alice, bob, plus] = await Promise.all([signUp('alice'), signUp('bob'), signUp('a+b')])
const FRONT_END = 'http://localhost:3000'
const NO_CHOICE = ['Select a valid choice. That choice is not one of the available choices.']
const file = (bytes: Uint8Array<ArrayBuffer>) => new File([bytes], 'x.png')
const posted = await alice.post('/posts/', form({ title: 'An image', image: file(jpeg({ orientation: 6 })) }))
const image: string = posted.body.image
const message = await bob.post(`/messages/${alice.id}/send/`, { content: 'Mine' })

describe('configuration', () => {
  const allowed = async (origins: string, origin: string) =>
    (await callWith({ CLIENT_ORIGINS: origins }, 'GET', '/posts/', { headers: { origin } })).headers.get(
      'access-control-allow-origin',
    )

  it.each([
    'https://app.example.com/',
    'HTTPS://App.Example.COM',
    'https://app.example.com:443',
    ' https://app.example.com , ,',
    'http://other.example,https://app.example.com/',
  ])('CLIENT_ORIGINS: %j is what browsers call it', async (origins) => {
    expect(await allowed(origins, 'https://app.example.com')).toBe('https://app.example.com')
    expect(await allowed(origins, 'https://app.example.com.evil.example')).toBeNull()
  })

  it('of other scripts, and with a port', async () => {
    expect(await allowed('https://bücher.example', 'https://xn--bcher-kva.example')).not.toBeNull()
    expect(await allowed('http://localhost:80,http://localhost:3000/', 'http://localhost')).not.toBeNull()
  })

  it.each([
    ['CLIENT_ORIGINS', 'app.example.com'],
    ['CLIENT_ORIGINS', 'localhost:3000'],
    ['CLIENT_ORIGINS', 'https://app.example.com/login'],
    ['CLIENT_ORIGINS', 'https://app.example.com/?x'],
    ['CLIENT_ORIGINS', 'https://user@app.example.com'],
    ['CLIENT_ORIGINS', '*'],
    ['CLIENT_ORIGINS', 'null'],
    ['CLIENT_ORIGINS', 'https://*.example.com'],
    ['CLIENT_ORIGINS', 'https://good.example,ftp://bad.example'],
    ['PUBLIC_URL', 'api.example.com'],
    ['PUBLIC_URL', 'https://example.com/backend'],
    ['MEDIA_URL', 'media.example.com'],
    ['PASSWORD_RESET_URL', '/reset'],
  ])('%s=%s: 503, and the log says why, not what', async (name, value) => {
    const answer = await callWith({ [name]: value }, 'GET', '/posts/')
    expect(answer).toMatchObject({ status: 503, body: { detail: expect.stringContaining('not configured') } })
  })

  it.each([
    ['https://front.example/#/reset', 'https://front.example/#/reset?uid=U&token=T'],
    ['https://front.example/#/reset?lang=en', 'https://front.example/#/reset?lang=en&uid=U&token=T'],
    ['https://front.example/?a=1#!/reset', 'https://front.example/?a=1#!/reset?uid=U&token=T'],
    ['https://front.example/reset#form', 'https://front.example/reset?uid=U&token=T#form'],
    ['https://front.example/reset?lang=en', 'https://front.example/reset?lang=en&uid=U&token=T'],
  ])('PASSWORD_RESET_URL %s: parameters where the page reads them', async (page, expected) => {
    const sent: string[] = []
    const mail = { send: async ({ text }: { text: string }) => void sent.push(text) }
    await signUp(`reset${page.length}`, { email: `reset${page.length}@example.com` })
    const bindings = { PASSWORD_RESET_URL: page, SEND_EMAIL: mail, MAIL_FROM: 'api@example.com' }
    await callWith(bindings, 'POST', `${AUTH}/password/reset/`, {
      body: { email: `reset${page.length}@example.com` },
    })
    const link = /https:\S+/.exec(sent[0] ?? '')?.[0]
    expect(link?.replace(/uid=\w+/, 'uid=U').replace(/token=\w+/, 'token=T')).toBe(expected)
  })

  it('PUBLIC_URL: links, cookies and origins by the name that clients know', async () => {
    const behind = { PUBLIC_URL: 'https://Social.example/' }
    const { body } = await callWith(behind, 'GET', '/api/posts/?page_size=1&search=image', {})
    expect(body.results[0].image).toBe(image.replace(ORIGIN, 'https://social.example'))
    expect(body.results[0].profile_image).toMatch(/^https:\/\/social\.example\/media\/images\//)
    await alice.post('/posts/', { title: 'Another image' })
    const list = await callWith(behind, 'GET', '/api/posts/?page_size=1&search=image&page=1')
    expect(list.body.next).toMatch(/^https:\/\/social\.example\/api\/posts\/\?.*search=image/)
    expect((await callWith(behind, 'GET', '/api')).body.docs).toBe('https://social.example/api/docs/')
    const login = await callWith(behind, 'POST', `${AUTH}/login/`, {
      body: { username: 'alice', password: 'Zx9!kkqwPlum' },
      headers: { origin: 'https://social.example', cookie: 'my-app-auth=x' },
    })
    expect(login.status).toBe(200)
    expect(login.headers.getSetCookie().join()).toMatch(/Secure/)
    const access = `my-app-auth=${login.body.access_token}`
    for (const [origin, status] of [
      ['https://social.example', 200],
      [ORIGIN, 403],
    ] as const) {
      const headers = { origin, cookie: access }
      expect((await callWith(behind, 'PATCH', `${AUTH}/user/`, { body: {}, headers })).status, origin).toBe(
        status,
      )
    }
    expect((await callWith(behind, 'GET', '/posts/?search=%zz&x=/?#', {})).status).toBe(200)
  })
})

it('a Host that is no host: 400, not 500', async () => {
  // What cannot be asked by `new Request` here, as the runtime hands it over.
  const request = new Request(`${ORIGIN}/posts/`)
  const odd = new Proxy(request, {
    get: (target, name) => {
      if (name === 'url') return 'http://a b:c/posts/'
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
  const context = {
    waitUntil: () => {},
    passThroughOnException: () => {},
    props: {},
  } as unknown as ExecutionContext
  const response = await app.fetch(odd, env, context)
  expect([response.status, await response.json()]).toEqual([400, { detail: 'The Host header is no host.' }])
})

describe('images of any page', () => {
  const defaultImage = `${ORIGIN}/media/images/default_post_ovkj9a.jpg`

  it('are the same for every origin, and for none', async () => {
    for (const url of [
      image,
      image.replace('/media', '/api/media'),
      defaultImage,
      defaultImage.replace('/media', '/api/media'),
    ]) {
      for (const origin of [undefined, FRONT_END, 'https://anywhere.example', 'null']) {
        for (const more of [{}, { range: 'bytes=0-3' }, { 'if-none-match': '*' }]) {
          const { status, headers } = await download(url, { ...(origin && { origin }), ...more })
          expect([200, 206, 304], url).toContain(status)
          expect(headers.get('access-control-allow-origin'), `${url} ${origin} ${status}`).toBe('*')
          expect(headers.get('access-control-allow-credentials')).toBeNull()
          expect(headers.get('vary') ?? '').not.toMatch(/origin/i)
          expect(headers.get('set-cookie')).toBeNull()
        }
      }
    }
    const preflight = await call('OPTIONS', image, {
      headers: {
        origin: FRONT_END,
        'access-control-request-method': 'GET',
        'access-control-request-headers': 'x-a',
      },
    })
    expect([preflight.status, preflight.headers.get('access-control-allow-origin')]).toEqual([204, '*'])
  })

  it('what is staged before the route is on answers that it makes itself', async () => {
    for (const path of [
      '/posts/',
      '/nowhere/',
      '/',
      '/openapi.json',
      '/api/docs/start.js',
      '/api/asyncapi.json',
    ])
      for (const origin of [undefined, FRONT_END, 'https://anywhere.example']) {
        const { headers } = await anyone.get(path, origin ? { origin } : {})
        expect(headers.get('vary'), `${path} ${origin}`).toMatch(/origin/i)
        expect(headers.get('x-request-id')).toBeTruthy()
      }
  })
})

describe('parts of images', () => {
  it('a range that covers all is a part; one that cannot be read is none', async () => {
    const whole = (await download(image)).bytes
    const size = whole.length
    for (const [range, from, to] of [
      ['bytes=0-', 0, size],
      [`bytes=0-${size - 1}`, 0, size],
      ['bytes=0-999999999999', 0, size],
      [`bytes=0-${'9'.repeat(30)}`, 0, size],
      [`bytes=-${size}`, 0, size],
      ['bytes=-999999', 0, size],
      ['Bytes=1-1', 1, 2],
    ] as const) {
      const part = await download(image, { range })
      expect([part.status, part.headers.get('content-range')], range).toEqual([
        206,
        `bytes ${from}-${to - 1}/${size}`,
      ])
      expect(part.bytes).toEqual(whole.slice(from, to))
      expect(part.headers.get('content-length')).toBe(String(to - from))
    }
    for (const range of [
      'bytes=0-0,2-3',
      'bytes=5-1',
      'bytes=-',
      'bytes=x-',
      'lines=0-1',
      'bytes 0-1',
      `bytes=${'9'.repeat(30)}-`,
    ]) {
      const all = await download(image, { range })
      expect([all.status, all.bytes.length], range).toEqual([200, size])
    }
    for (const range of [`bytes=${size}-`, 'bytes=-0', 'bytes=999999-999999'])
      expect((await download(image, { range })).headers.get('content-range'), range).toBe(`bytes */${size}`)
  })

  it('If-Range: a part of what the client has, or all', async () => {
    const whole = await download(image)
    const etag = whole.headers.get('etag') ?? ''
    const part = await download(image, { range: 'bytes=2-3', 'if-range': etag })
    expect([part.status, part.bytes.length]).toEqual([206, 2])
    for (const other of ['"other"', `W/${etag}`, 'Thu, 01 Jan 1970 00:00:00 GMT', 'x'])
      for (const range of ['bytes=2-3', 'bytes=999999-']) {
        const all = await download(image, { range, 'if-range': other })
        expect([all.status, all.bytes.toHex()], `${other} ${range}`).toEqual([200, whole.bytes.toHex()])
        expect(all.headers.get('content-range')).toBeNull()
      }
    const known = await download(image, { range: 'bytes=2-3', 'if-range': etag, 'if-none-match': etag })
    expect(known.status).toBe(304)
  })

  it('HEAD knows no ranges', async () => {
    const { length } = (await download(image)).bytes
    for (const range of ['bytes=0-0', 'bytes=999999-', 'bytes=-1']) {
      const head = await call('HEAD', image, { headers: { range } })
      expect([head.status, head.headers.get('content-length')], range).toEqual([200, String(length)])
      expect(head.headers.get('content-range')).toBeNull()
    }
  })
})

describe('filters', () => {
  it.each([
    ['/posts/?owner=x&followed=999999&liked=1.5', ['owner', 'followed', 'liked']],
    [
      '/posts/?owner__profile=999999&likes__owner__profile=999998',
      ['owner__profile', 'likes__owner__profile'],
    ],
    [
      `/posts/?owner=999999&search=${'a+'.repeat(61)}${Array.from({ length: 61 }, (_, i) => i + 100).join('+')}`,
      ['owner', 'search'],
    ],
    [
      '/profiles/?owner__following__followed__profile=x&owner__followed__owner__profile=999999',
      ['owner__following__followed__profile', 'owner__followed__owner__profile'],
    ],
    ['/profiles/most_followed/?owner__followed__owner__profile=-1', ['owner__followed__owner__profile']],
    ['/followers/?owner=x&followed=999999', ['owner', 'followed']],
    ['/comments/?post=x', ['post']],
    ['/likes/?post=999999&owner=x', ['post', 'owner']],
    ['/likes/?post=x&owner=999999', ['post', 'owner']],
  ])('%s: all that is wrong at once', async (path, fields) => {
    const { status, body } = await anyone.get(path)
    expect([status, Object.keys(body).sort()]).toEqual([400, [...fields].sort()])
    for (const field of fields.filter((name) => name !== 'search')) expect(body[field]).toEqual(NO_CHOICE)
  })

  it('/likes/ by post and by owner, at the price of the page', async () => {
    const posts: number[] = []
    for (const title of ['One', 'Two', 'Three']) posts.push((await bob.post('/posts/', { title })).body.id)
    for (const post of posts) await alice.post('/likes/', { post })
    for (const post of posts.slice(0, 2)) await plus.post('/likes/', { post })
    const shown = async (query: string) => {
      const { body, cost } = await anyone.get(`/likes/?${query}`)
      expect(cost.calls).toBe(1)
      expect(cost.read, query).toBeLessThanOrEqual(3 * body.results.length + 6)
      return [
        body.count,
        body.results.map(({ owner, post }: { owner: string; post: number }) => `${owner} ${post}`),
      ]
    }
    const [one, two, three] = posts
    expect(await shown(`post=${one}`)).toEqual([2, [`a+b ${one}`, `alice ${one}`]])
    expect(await shown(`owner=${plus.id}`)).toEqual([2, [`a+b ${two}`, `a+b ${one}`]])
    expect(await shown(`owner=${plus.id}&post=${two}`)).toEqual([1, [`a+b ${two}`]])
    expect(await shown(`owner=${plus.id}&post=${three}`)).toEqual([0, []])
    expect(await shown(`owner=${bob.id}`)).toEqual([0, []])
    expect(await shown('post=&owner=')).toEqual([5, expect.any(Array)])
    const first = await anyone.get(`/likes/?owner=${alice.id}&page_size=2&cursor=`)
    const second = await anyone.get(first.body.next)
    expect([...first.body.results, ...second.body.results].map(({ post }) => post)).toEqual([three, two, one])
  })

  it('/messages/?search= with a plus that was not encoded', async () => {
    await alice.post(`/messages/${plus.id}/send/`, { content: 'Hello' })
    for (const search of ['a+b', 'a%2Bb', '%20a%2Bb%20', 'A+B', 'a%20b'])
      expect((await alice.get(`/messages/?search=${search}`)).body, search).toHaveLength(1)
    expect((await alice.get('/messages/?search=a++b')).body).toEqual([])
  })
})

describe('tokens', () => {
  it('without a type are told so', async () => {
    const token = await jwt({ user_id: alice.id, token_type: undefined })
    expect(await client({ authorization: `Bearer ${token}` }).get('/posts/')).toMatchObject({
      status: 401,
      body: { code: 'token_not_valid', messages: [{ message: 'Token has no type' }] },
    })
    expect(await anyone.post(`${AUTH}/token/refresh/`, { refresh: token })).toMatchObject({
      status: 401,
      body: { detail: 'Token has no type', code: 'token_not_valid' },
    })
    expect(await anyone.post(`${AUTH}/token/verify/`, { token })).toMatchObject({ status: 401 })
    const wrong = await jwt({ user_id: alice.id, token_type: 'sliding' })
    expect(await anyone.post(`${AUTH}/token/refresh/`, { refresh: wrong })).toMatchObject({
      body: { detail: 'Token has wrong type' },
    })
  })
})

describe('errors of calls that send a message have lists for values', () => {
  const SEND = `/messages/${bob.id}/send/`
  const huge = new Uint8Array(12 * 2 ** 20)
  const JSON_TYPE = { 'content-type': 'application/json' }

  const CASES: [string, number, () => ReturnType<typeof call>][] = [
    ['nobody signed in', 401, () => anyone.post(SEND, { content: 'x' })],
    ['a bad token', 401, () => client({ authorization: 'Bearer x' }).post(SEND, { content: 'x' })],
    [
      'a header of three parts',
      401,
      () => client({ authorization: 'Bearer a b' }).post(SEND, { content: 'x' }),
    ],
    ['Accept without JSON', 406, () => alice.post(SEND, { content: 'x' }, { accept: 'text/html' })],
    ['malformed JSON', 400, () => alice.post(SEND, '{', JSON_TYPE)],
    ['no object', 400, () => alice.post(SEND, '[]', JSON_TYPE)],
    ['a bad field', 400, () => alice.post(SEND, { content: [] })],
    ['nothing', 400, () => alice.post(SEND, {})],
    ['to oneself', 400, () => alice.post(`/messages/${alice.id}/send/`, { content: 'x' })],
    ['to nobody', 400, () => alice.post('/messages/999999/send/', { content: 'x' })],
    ['a body too large', 413, () => alice.post(SEND, `{"content":"${'x'.repeat(200_000)}"}`, JSON_TYPE)],
    ['another type', 415, () => alice.post(SEND, 'x', { 'content-type': 'text/plain' })],
    ['compressed', 415, () => alice.post(SEND, '{}', { ...JSON_TYPE, 'content-encoding': 'gzip' })],
    ['a bad key', 400, () => alice.post(SEND, { content: 'x' }, { 'idempotency-key': 'x'.repeat(300) })],
    ['an image too large', 400, () => alice.post(SEND, form({ content: 'x', image: file(huge) }))],
    ['another’s message', 403, () => alice.patch(`/messages/${message.body.id}/update/`, { content: 'x' })],
    ['no such message', 404, () => alice.put('/messages/999999/update/', { content: 'x' })],
    ['start, nobody signed in', 401, () => anyone.post(`/messages/${bob.id}/start/`, {})],
    ['start, under /api', 400, () => alice.post(`/api/messages/${bob.id}/start`, '{', JSON_TYPE)],
    ['another format', 404, () => alice.post(`${SEND}?format=xml`, { content: 'x' })],
  ]
  it.each(CASES)('%s: %i', async (_, status, ask) => {
    const answer = await ask()
    expect(answer.status).toBe(status)
    expect(Object.keys(answer.body).length).toBeGreaterThan(0)
    for (const value of Object.values(answer.body))
      expect(Array.isArray(value), JSON.stringify(answer.body)).toBe(true)
  })

  it('the same words, and headers, as elsewhere', async () => {
    const bad = await client({ authorization: 'Bearer x' }).post(SEND, { content: 'x' })
    expect(bad.body).toEqual({
      detail: ['Given token not valid for any token type'],
      code: ['token_not_valid'],
      messages: [
        { token_class: 'AccessToken', token_type: 'access', message: 'Token is invalid or expired' },
      ],
    })
    expect(bad.headers.get('www-authenticate')).toBe('Bearer realm="api"')
    expect((await alice.post(`/messages/${alice.id}/start/`, { content: 'x' })).body).toEqual([
      'Cannot start a chat with yourself.',
    ])
  })

  it('where the database fails, and where nothing is configured', async () => {
    const failing = {
      DB: {
        withSession: () => ({
          prepare: () => ({ bind: () => ({}) }),
          batch: () => Promise.reject(new Error('x')),
          getBookmark: () => null,
        }),
      },
    }
    for (const bindings of [failing, { JWT_SECRET: '' }]) {
      const answer = await callWith(bindings, 'PATCH', `/messages/${message.body.id}/update/`, {
        body: { content: 'x' },
        headers: bob.headers,
      })
      expect(answer.status).toBeGreaterThanOrEqual(500)
      for (const value of Object.values(answer.body)) expect(Array.isArray(value)).toBe(true)
    }
  })

  it('and no other calls', async () => {
    expect((await anyone.get('/messages/')).body.detail).toBeTypeOf('string')
    expect((await alice.put(SEND, { content: 'x' })).body.detail).toBeTypeOf('string')
    expect((await anyone.post('/posts/', {})).body.detail).toBeTypeOf('string')
    expect((await alice.post(`/messages/${bob.id}/read/`, '{', JSON_TYPE)).body.detail).toBeTypeOf('string')
  })
})

describe('images of messages', () => {
  const send = (bytes: Uint8Array<ArrayBuffer>) =>
    alice.post(`/messages/${bob.id}/send/`, form({ image: file(bytes) }))
  const INVALID = { status: 400, body: { image: ['Invalid image file'] } }
  /** A GIF whose second frame says that it lies and reaches elsewhere. */
  const reaching = (width: number, height: number) => {
    const bytes = gif()
    const frame = bytes.findLastIndex((byte, i) => byte === 0x2c && bytes[i + 5] === 4 && bytes[i + 7] === 3)
    bytes.set([width & 255, width >> 8, height & 255, height >> 8], frame + 5)
    return bytes
  }

  it('at most 40 megapixels, whatever the file takes', async () => {
    expect((await send(png(8000, 5000))).status).toBe(201)
    expect(await send(png(8000, 5001))).toMatchObject(INVALID)
    expect(await send(png(16_000, 16_000))).toMatchObject(INVALID)
    expect(await send(reaching(8001, 5000))).toMatchObject(INVALID)
    expect((await send(reaching(8000, 5000))).status).toBe(201)
  })

  it('a frame beyond its screen counts for posts and profiles too', async () => {
    const post = (bytes: Uint8Array<ArrayBuffer>) =>
      alice.post('/posts/', form({ title: 'x', image: file(bytes) }))
    expect((await post(reaching(4096, 4096))).status).toBe(201)
    expect((await post(reaching(4097, 4))).body).toEqual({ image: ['Image width larger than 4096px!'] })
    expect((await post(reaching(4097, 4097))).body).toEqual({ image: ['Image height larger than 4096px!'] })
    const profile = await alice.patch(`/profiles/${alice.id}/`, form({ image: file(reaching(1, 4097)) }))
    expect(profile.body).toEqual({ image: ['Image height larger than 4096px!'] })
  })
})
