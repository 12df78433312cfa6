import { describe, expect, it } from 'vitest'
import { app } from '../src/app'
import { type Answer, anyone, call, form, objectKeys, type Person, signUp, stored } from './client'
import { ascii, gif, jpeg, png } from './fixtures/images'

const [alice, bob] = await Promise.all([signUp('alice'), signUp('bob')])

/** What no answer may hold: a stack, SQL, a store's own words, or the validator's. */
const LEAK = /\.(ts|js):\d|SQLITE|D1_|drizzle|select |insert into|constraint failed|ZodError|"success":false/

describe('odd forms', () => {
  const boundary = 'multipart/form-data; boundary=b'
  const part = (name: string, value: string, more = '') =>
    `--b\r\ncontent-disposition: form-data; name="${name}"${more}\r\n\r\n${value}\r\n`
  const send = (body: string, type = boundary) => alice.post('/posts/', body, { 'content-type': type })

  it('no boundary and no body is an empty body', async () => {
    for (const type of ['multipart/form-data', 'multipart/form-data; boundary=', boundary]) {
      const headers = { ...alice.headers, 'content-type': type }
      const answer = await call('POST', '/posts/', { headers })
      expect(answer, type).toMatchObject({ status: 400, body: { title: ['This field is required.'] } })
      const logout = await call('POST', '/dj-rest-auth/logout/', { headers: { 'content-type': type } })
      expect(logout.status, type).toBe(200)
    }
  })

  const title = part('title', 'x')
  it.each([
    ['no boundary', `${title}--b--\r\n`, 'multipart/form-data'],
    ['another boundary', `${title}--b--\r\n`, 'multipart/form-data; boundary=other'],
    ['an empty boundary', `${title}--b--\r\n`, 'multipart/form-data; boundary='],
    ['a boundary of 5,000', `${title}--b--\r\n`, `multipart/form-data; boundary=${'b'.repeat(5000)}`],
    ['truncated in a value', title.slice(0, -3), boundary],
    ['truncated in a header', title.slice(0, 20), boundary],
    ['no end', title, boundary],
    ['no headers', '--b\r\n\r\nx\r\n--b--\r\n', boundary],
    ['no name', '--b\r\ncontent-disposition: form-data\r\n\r\nx\r\n--b--\r\n', boundary],
    ['the end alone', '--b--\r\n', boundary],
    ['JSON', '{"title": "x"}', boundary],
    ['a form as JSON', `${title}--b--\r\n`, 'application/json'],
    [
      'nested',
      `--b\r\ncontent-type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\n--c--\r\n--b--\r\n`,
      boundary,
    ],
  ])('%s: 400, and nothing stored', async (_, body, type) => {
    const before = await stored('select id from posts')
    const answer = await send(body, type)
    expect(answer.status).toBe(400)
    expect(JSON.stringify(answer.body)).not.toMatch(LEAK)
    expect(await stored('select id from posts')).toEqual(before)
  })

  it('of a field sent twice the last counts', async () => {
    const urlencoded = new URLSearchParams([
      ['title', 'first'],
      ['title', 'last'],
    ])
    const multipart = new FormData()
    multipart.append('title', 'first')
    multipart.append('title', 'last')
    for (const body of [urlencoded, multipart, '{"title": "first", "title": "last"}']) {
      const type = typeof body === 'string' ? { 'content-type': 'application/json' } : undefined
      expect(await alice.post('/posts/', body, type)).toMatchObject({ status: 201, body: { title: 'last' } })
    }
    const images = new FormData()
    images.append('title', 'x')
    images.append('image', new File([gif()], 'x.gif'))
    images.append('image', new File([ascii('no image')], 'x.gif'))
    expect((await alice.post('/posts/', images)).status).toBe(400)
    images.append('image', new File([jpeg()], 'x.jpg'))
    expect((await alice.post('/posts/', images)).status).toBe(201)
    expect(await objectKeys()).toHaveLength(1)
  })

  it('names of what objects have are names of fields like any other', async () => {
    const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'then']
    const fields = Object.fromEntries([...names.map((name) => [name, 'x']), ['title', 'Odd names']])
    const json = `{"__proto__": {"title": "inherited"}, "constructor": 1, "title": "Odd names"}`
    for (const answer of [
      await alice.post('/posts/', form(fields)),
      await alice.post('/posts/', new URLSearchParams(fields)),
      await alice.post('/posts/', json, { 'content-type': 'application/json' }),
    ]) {
      expect(answer).toMatchObject({ status: 201, body: { title: 'Odd names', owner: 'alice' } })
    }
    const inherited = await alice.post('/posts/', '{"__proto__": {"title": "x"}}', {
      'content-type': 'application/json',
    })
    expect(inherited).toMatchObject({ status: 400, body: { title: ['This field is required.'] } })
  })

  it('long headers, many fields, deep JSON', async () => {
    const long = part('image', 'x', `; filename="${'f'.repeat(100_000)}"\r\nx-long: ${'h'.repeat(100_000)}`)
    const many = Array.from({ length: 5000 }, (_, i) => part(`field${i}`, 'x')).join('')
    const deep = `${'['.repeat(50_000)}${']'.repeat(50_000)}`
    expect((await send(`${long}--b--\r\n`)).status).toBe(400)
    expect((await send(`${many}${title}--b--\r\n`)).status).toBe(400)
    expect((await send(`{"title": ${deep}}`, 'application/json')).status).toBe(400)
    expect((await send(`{"title": "x", "zzz": ${deep}}`, 'application/json')).status).toBe(400)
  })
})

/** Mulberry32: a test that fails must fail again. */
function randomFrom(seed: number) {
  let state = seed
  const next = () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (limit: number) => Math.floor(next() * limit)
  const pick = <T>(values: readonly [T, ...T[]]): T => values[below(values.length)] ?? values[0]
  return { below, pick, chance: (share: number) => next() < share }
}
type Random = ReturnType<typeof randomFrom>

// biome-ignore format: a list of values
const TEXTS = [
  '', ' ', '0', '1', '2', '-1', '1.5', '1e9', '9'.repeat(20), '9'.repeat(400), 'x', 'null', 'true', '%', '%00', '%zz', '%ff%fe',
  "' or 1=1 --", '"', '""', '*', '%_', '\\', '$(id)', '{{7*7}}', '<script>', '../../etc/passwd', '日本語', '🎉', '\ufeff', '\u202e',
  'NOT', 'a AND', 'NEAR(', '^', '-created_at', '-likes_count,zzz', 'likes__created_at', '__proto__', 'constructor', 'last',
  'x'.repeat(300), '🎉'.repeat(300), 'a b c d e f g h i j', 'alice', 'normal', '\ud800', 'a\0b', '\0',
] as const

const PARAMETERS = [
  'page',
  'page_size',
  'cursor',
  'search',
  'ordering',
  'owner__profile',
  'owner__followed__owner__profile',
  'likes__owner__profile',
  'owner',
  'followed',
  'liked',
  'post',
  'username',
  'format',
  'after',
  't',
  '__proto__',
  '',
  'owner__following__followed__profile',
  'page[]',
  'page%00',
] as const

const FIELDS = [
  'title',
  'content',
  'image',
  'image_filter',
  'name',
  'post',
  'followed',
  'username',
  'password',
  'password1',
  'password2',
  'email',
  'refresh',
  'token',
  'uid',
  'new_password1',
  'new_password2',
  'old_password',
  'first_name',
  'key',
  'id',
  'owner',
  'read',
  'client_id',
  '__proto__',
  'constructor',
  '',
] as const

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND'] as const

const HEADERS: Record<string, readonly [string, ...string[]]> = {
  accept: ['', '*/*', 'text/html', 'application/json;q=0', ',;=', '*'.repeat(2000), 'application/json; q=x'],
  authorization: [
    'Bearer',
    'Bearer x',
    'Bearer a b',
    'Basic YTpi',
    'Bearer ..',
    `Bearer ${'x'.repeat(4000)}`,
    'Bearer e30.e30.',
  ],
  cookie: [
    'my-app-auth=x',
    'my-app-auth=',
    'my-refresh-token=x.y.z',
    '=;;=',
    'my-app-auth=%',
    `a=${'b'.repeat(4000)}`,
  ],
  range: ['bytes=0-', 'bytes=-0', 'bytes=9-1', 'bytes=0-0,5-9', `bytes=${'9'.repeat(40)}-`, 'x'],
  origin: ['null', 'http://evil.example', 'http://localhost:3000', ''],
  'if-none-match': ['*', '"', 'W/"x"', '""'],
  'if-modified-since': ['x', 'Thu, 01 Jan 1970 00:00:00 GMT'],
  'x-request-id': ['ok', '\t', 'x'.repeat(500), '{"a":1}'],
  'x-d1-bookmark': ['x', '0', '-', 'ffffffff-ffffffff', 'first-primary', '0'.repeat(100)],
  'idempotency-key': ['x', '', 'x'.repeat(300)],
  'sec-fetch-site': ['cross-site', 'x'],
  'accept-language': ['de', '*'],
}

const TYPES = [
  'application/json',
  'application/json; charset=x',
  'application/x-www-form-urlencoded',
  'multipart/form-data',
  'multipart/form-data; boundary=b',
  'text/plain',
  '',
  ';',
  'application/xml',
  'APPLICATION/JSON',
] as const

function value(random: Random, depth = 0): unknown {
  switch (random.below(depth > 2 ? 5 : 7)) {
    case 0:
      return null
    case 1:
      return random.chance(0.5)
    case 2:
      return random.pick([0, 1, -1, 1.5, 1e21, 1e308, 2 ** 53, -0])
    case 5:
      return Array.from({ length: random.below(3) }, () => value(random, depth + 1))
    case 6:
      return { [random.pick(FIELDS)]: value(random, depth + 1) }
    default:
      return random.pick(TEXTS)
  }
}

function body(random: Random): { body: unknown; type?: string } {
  const count = random.below(5)
  const fields = Array.from({ length: count }, () => random.pick(FIELDS))
  switch (random.below(5)) {
    case 0:
      return { body: undefined, type: random.pick(TYPES) }
    case 1: {
      const data = new FormData()
      for (const field of fields) {
        const bytes = random.pick([png(), jpeg().slice(0, 60), gif(), ascii('x'), new Uint8Array()])
        if (random.chance(0.4)) data.append(field, new File([bytes], random.pick(TEXTS).replace('\\', '')))
        else data.append(field, random.pick(TEXTS))
      }
      return { body: data }
    }
    case 2:
      return { body: new URLSearchParams(fields.map((field) => [field, random.pick(TEXTS)])) }
    case 3:
      return {
        body: random.pick(['{', '[]', '"x"', '1', 'null', '{"a":', '--b\r\n\r\n', 'a=%zz&=&', '\0']),
        type: random.pick(TYPES),
      }
    default:
      return {
        body: JSON.stringify(Object.fromEntries(fields.map((field) => [field, value(random)]))),
        type: 'application/json',
      }
  }
}

const ROUTES = app.routes.filter(({ method }) => method !== 'ALL')

/** Mostly a route that there is, with odd ids; asked as no client would. */
function path(random: Random, route: string): string {
  const id = () =>
    random.chance(0.5) ? random.pick(['1', '2', '3', '4']) : encodeURIComponent(safe(random.pick(TEXTS)))
  // `//` would begin a host.
  const filled = route
    .replace(/^\/$/, '/api')
    .replace(/:hash\{.*?\}\}|:hash\{[^}]*\}/, '0'.repeat(64))
    .replace(/:id\{[^}]*\}/, id)
    .replace(/:\w+/, id)
  const query = Array.from({ length: random.below(4) }, () => {
    const text = safe(random.pick(TEXTS))
    return `${random.pick(PARAMETERS)}=${random.chance(0.5) ? encodeURIComponent(text) : text.replaceAll('#', '')}`
  })
  const end = random.pick(['', '/', '//', '/.', '/%'])
  return `${random.chance(0.3) ? '/api' : ''}${filled}${random.chance(0.8) ? '/' : end}?${query.join('&')}`
}

/** Half of a surrogate pair cannot be written into a URL. */
const safe = (text: string) => text.toWellFormed()

describe('random requests to every route', () => {
  const seeds = Array.from({ length: 12 }, (_, i) => i + 1)
  it.each(seeds)('40 of seed %i: none is a 5xx, none tells what is inside', async (seed) => {
    const random = randomFrom(seed)
    for (let i = 0; i < 40; i++) {
      const route = ROUTES[random.below(ROUTES.length)]
      const method = random.chance(0.8) ? (route?.method ?? 'GET') : random.pick(METHODS)
      const headers: Record<string, string> = {}
      const person = random.pick<Person | undefined>([alice, bob, undefined])
      if (person) Object.assign(headers, person.headers)
      for (const [name, values] of Object.entries(HEADERS)) {
        if (random.chance(0.07)) headers[name] = random.pick(values)
      }
      const where = path(random, route?.path ?? '/')
      const sent = method === 'GET' || method === 'HEAD' ? { body: undefined } : body(random)
      if (sent.type !== undefined) headers['content-type'] = sent.type
      const answer = await call(method, where, { headers, body: sent.body })
      const { authorization: _, ...shown } = headers
      const what = `${method} ${where} ${JSON.stringify(shown)} ${String(sent.body)}: ${JSON.stringify(answer.body)}`
      expect(answer.status, what).toBeLessThan(500)
      expect(answer.headers.get('x-request-id'), what).toMatch(/^[\w.:-]{1,100}$/)
      if (answer.status >= 400) {
        expect(JSON.stringify(answer.body), what).not.toMatch(LEAK)
        expectJson(answer, method, what)
      }
    }
  })

  it('and the rest still stands', async () => {
    expect((await anyone.get('/posts/')).status).toBe(200)
    expect((await signUp('carol')).id).toBeGreaterThan(bob.id)
  })
})

function expectJson(answer: Answer, method: string, what: string) {
  if (method === 'HEAD' || answer.status === 416) return
  expect(answer.headers.get('content-type'), what).toBe('application/json')
}
