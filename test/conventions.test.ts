import { exports } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { AUTH, logIn } from './auth-helpers'
import { type Answer, anyone, call, form, ORIGIN, PASSWORD, type Person, signUp, stored } from './client'

const LOGIN = `${AUTH}/login/`
const USER = `${AUTH}/user/`
const FRONT_END = 'http://localhost:3000'

let alice: Person
beforeAll(async () => {
  alice = await signUp('alice')
})

/** A body of any bytes, of which `call` knows nothing. */
async function postRaw(path: string, type: string, body: BodyInit) {
  const headers = { 'content-type': type }
  const response = await exports.default.fetch(new URL(path, ORIGIN), { method: 'POST', headers, body })
  return { status: response.status, body: await response.json() }
}

describe('paths', () => {
  it.each(['', '/api'])('are served below "%s", with and without their final slash', async (prefix) => {
    for (const path of [USER, '/users/', `/users/${alice.id}/`]) {
      const [slashed, bare] = [await alice.get(prefix + path), await alice.get(prefix + path.slice(0, -1))]
      expect([path, slashed.status, bare.status]).toEqual([path, 200, 200])
      expect(slashed.body.results ?? slashed.body).toEqual(bare.body.results ?? bare.body)
    }
    for (const path of [LOGIN, LOGIN.slice(0, -1)])
      expect((await anyone.post(prefix + path, { username: 'alice', password: PASSWORD })).status).toBe(200)
  })

  it.each(['/nowhere/', '/api/api/users/', '/users/x/', '/dj-rest-auth/', '/apiusers/'])(
    'that do not exist: %s',
    async (path) => {
      for (const method of ['GET', 'POST', 'DELETE']) {
        const { status, headers, body } = await call(method, path)
        expect([status, body]).toEqual([404, { detail: 'Not found.' }])
        expect(headers.get('content-type')).toBe('application/json')
      }
    },
  )
})

describe('methods', () => {
  it.each([
    ['GET', LOGIN, 'POST, OPTIONS'],
    ['GET', `${AUTH}/logout/`, 'POST, OPTIONS'],
    ['DELETE', `${AUTH}/registration/`, 'POST, OPTIONS'],
    ['GET', `${AUTH}/password/change/`, 'POST, OPTIONS'],
    ['PUT', `${AUTH}/password/reset/`, 'POST, OPTIONS'],
    ['POST', USER, 'GET, HEAD, PUT, PATCH, DELETE, OPTIONS'],
    ['POST', '/users/', 'GET, HEAD, OPTIONS'],
    ['DELETE', '/users/1/', 'GET, HEAD, OPTIONS'],
  ])('%s %s: 405, and those that it has', async (method, path, allowed) => {
    const { status, headers, body } = await call(method, path, { headers: alice.headers })
    expect([status, body]).toEqual([405, { detail: `Method "${method}" not allowed.` }])
    const sorted = (list: string | null) => list?.split(', ').sort()
    expect(sorted(headers.get('allow'))).toEqual(sorted(allowed))
  })

  it('a path for people signed in says so first', async () => {
    expect((await anyone.post('/users/')).status).toBe(401)
    expect((await anyone.get(`${AUTH}/password/change/`)).status).toBe(401)
  })

  it('HEAD is GET without a body', async () => {
    for (const path of [USER, '/users/', '/posts/', '/users/999999/']) {
      const [head, get] = [await call('HEAD', path, { headers: alice.headers }), await alice.get(path)]
      expect([path, head.status, head.body]).toEqual([path, get.status, ''])
      expect(head.headers.get('content-type')).toBe('application/json')
    }
    expect((await call('HEAD', USER)).status).toBe(401)
  })
})

describe('Accept', () => {
  it.each(['text/html', 'image/*', 'application/xml, text/*', 'application/json;q=0', '*/*; q=0.0'])(
    '%s excludes JSON',
    async (accept) => {
      const { status, body } = await anyone.get('/posts/', { accept })
      expect([status, body]).toEqual([406, { detail: 'Could not satisfy the request Accept header.' }])
    },
  )

  it.each(['*/*', 'application/json', 'text/html, APPLICATION/*;q=0.1', 'text/html,*/*;q=0.8', ' '])(
    '%j allows it',
    async (accept) => {
      expect((await anyone.get('/posts/', { accept })).status).toBe(200)
    },
  )
})

describe('bodies', () => {
  const expected = (got: string) => ({
    non_field_errors: [`Invalid data. Expected a dictionary, but got ${got}.`],
  })

  it.each<[string, string, number, object]>([
    ['text/plain', 'hello', 415, { detail: 'Unsupported media type "text/plain" in request.' }],
    ['text/plain', '', 415, { detail: 'Unsupported media type "text/plain" in request.' }],
    ['application/xml', '<a/>', 415, { detail: 'Unsupported media type "application/xml" in request.' }],
    ['application/json', '[1]', 400, expected('list')],
    ['application/json', '"x"', 400, expected('str')],
    ['application/json', '1.5', 400, expected('float')],
    ['application/json', 'true', 400, expected('bool')],
    ['application/json; charset=utf-8', '{}', 400, { password: ['This field is required.'] }],
    ['APPLICATION/JSON', '', 400, { password: ['This field is required.'] }],
    ['multipart/form-data', '', 400, { password: ['This field is required.'] }],
    ['application/x-www-form-urlencoded', '', 400, { password: ['This field is required.'] }],
  ])('%s %j: %i', async (type, sent, status, body) => {
    expect(await anyone.post(LOGIN, sent, { 'content-type': type })).toMatchObject({ status, body })
  })

  it.each(['{bad', '{"username": "alice", "password": "hunter22"', "{'a':1}", '\u0000', 'nonsense'])(
    'malformed JSON: %j, none of which is repeated',
    async (sent) => {
      const { status, body } = await anyone.post(LOGIN, sent, { 'content-type': 'application/json' })
      expect([status, Object.keys(body)]).toEqual([400, ['detail']])
      expect(body.detail).toMatch(/^JSON parse error - ./)
      expect(body.detail).not.toMatch(/hunter22|nonsense/)
    },
  )

  it('bytes that are not UTF-8', async () => {
    const { status, body } = await postRaw(
      LOGIN,
      'application/json',
      Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x7d),
    )
    expect([status, body]).toEqual([400, { detail: expect.stringMatching(/^JSON parse error - ./) }])
  })

  it('a multipart body without its boundary, and one cut off', async () => {
    for (const [type, sent] of [
      ['multipart/form-data', 'x=1'],
      ['multipart/form-data; boundary=x', '--x\r\ncontent-disposition: form-data; name="a"\r\n\r\nb'],
    ] as const) {
      const { status, body } = await anyone.post(LOGIN, sent, { 'content-type': type })
      expect([status, Object.keys(body)]).toEqual([400, ['detail']])
    }
  })

  it('fields with names that JavaScript gives a meaning', async () => {
    const sent = '{"__proto__":{"username":"alice"},"constructor":1,"password":"x"}'
    const { status, body } = await anyone.post(LOGIN, sent, { 'content-type': 'application/json' })
    expect([status, body]).toEqual([400, { non_field_errors: ['Must include "username" and "password".'] }])
    for (const fields of [new URLSearchParams('__proto__=x'), form({ toString: 'x' })])
      expect(await anyone.post(LOGIN, fields)).toMatchObject({
        status: 400,
        body: { password: ['This field is required.'] },
      })
  })

  it('passwords of thousands of characters, hashed and compared to their end', async () => {
    const long = 'Zx9!kkqwPlum'.repeat(300)
    await signUp('patience', { password1: long, password2: long })
    await logIn({ username: 'patience' }, long)
    expect((await anyone.post(LOGIN, { username: 'patience', password: long.slice(0, -1) })).status).toBe(400)
  })
})

describe('every paginated list', () => {
  it('has cursors', async () => {
    const [someone, carol] = [await signUp('frank'), await signUp('carol')]
    for (const id of [alice.id, carol.id]) await someone.post('/followers/', { followed: id })
    for (const title of ['one', 'two']) {
      const { id } = (await alice.post('/posts/', { title })).body
      await someone.post('/likes/', { post: id })
      await someone.post('/comments/', { post: id, content: 'x' })
    }
    for (const path of [
      '/users/',
      '/profiles/',
      '/profiles/most_followed/',
      '/posts/',
      '/comments/',
      '/likes/',
      '/followers/',
    ]) {
      const first = await someone.get(`/api${path}?cursor=&page_size=1`)
      expect(first.status, path).toBe(200)
      expect(first.body.next, path).toContain(`${ORIGIN}/api${path}?`)
      const second = await someone.get(first.body.next)
      expect(second.status, path).toBe(200)
      expect(second.body.results, path).toHaveLength(1)
      expect(second.body.results[0].id, path).not.toBe(first.body.results[0].id)
    }
  })
})

describe('every answer', () => {
  let answers: Record<string, Answer>
  beforeAll(async () => {
    answers = {
      200: await alice.get(USER),
      400: await anyone.post(LOGIN, {}),
      401: await anyone.get(USER),
      403: await alice.patch(`/profiles/${(await signUp('bob')).id}/`, { name: 'x' }),
      404: await anyone.get('/nowhere/'),
      405: await anyone.get(LOGIN),
      406: await anyone.get('/posts/', { accept: 'text/html' }),
      415: await anyone.post(LOGIN, 'x', { 'content-type': 'text/plain' }),
    }
  })

  it('is not for caches, frames, sniffing or running', () => {
    for (const [status, { status: answered, headers }] of Object.entries(answers)) {
      expect(answered).toBe(Number(status))
      expect(Object.fromEntries(headers)).toMatchObject({
        'cache-control': 'private, no-store',
        'content-type': 'application/json',
        'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
        'referrer-policy': 'no-referrer',
        'x-content-type-options': 'nosniff',
        'x-request-id': expect.stringMatching(/^[\w-]{36}$/),
      })
      expect(headers.has('strict-transport-security')).toBe(false)
    }
  })

  it('asks for https from then on, where it is https', async () => {
    const { headers } = await anyone.get('https://api.test/posts/')
    expect(headers.get('strict-transport-security')).toMatch(/max-age=\d{8}/)
  })

  it('bears the id that the request gives, if it is sane', async () => {
    const idOf = async (id: string) =>
      (await anyone.get('/posts/', { 'x-request-id': id })).headers.get('x-request-id')
    for (const sane of ['abc-123', 'A.b:c_d', 'x'.repeat(100)]) expect(await idOf(sane)).toBe(sane)
    for (const odd of ['a b', '"x"', '{"a":1}', 'x'.repeat(101), ''])
      expect(await idOf(odd)).toMatch(/^[0-9a-f-]{36}$/)
  })

  it('says in a bookmark what it knows of the database, and takes one', async () => {
    const { headers } = await alice.patch(USER, { first_name: 'Al' })
    const bookmark = headers.get('x-d1-bookmark') ?? ''
    expect(bookmark).toMatch(/^[0-9a-f]+(-[0-9a-f]+)+$/)
    const after = await alice.get(USER, { 'x-d1-bookmark': bookmark })
    expect([after.status, after.body.first_name]).toEqual([200, 'Al'])
    expect((after.headers.get('x-d1-bookmark') ?? '') >= bookmark).toBe(true)
    expect(answers[404]?.headers.has('x-d1-bookmark')).toBe(false)
  })

  it.each(['garbage', "'; drop table users --", 'first-primary', '-', 'abc', 'f'.repeat(5000)])(
    'takes no notice of a bookmark that is none: %s',
    async (bookmark) => {
      expect((await alice.get(USER, { 'x-d1-bookmark': bookmark })).status).toBe(200)
      expect(await stored('select id from users where id = ?', alice.id)).toHaveLength(1)
    },
  )
})

describe('front ends of other origins', () => {
  const requests = (origin: string): Promise<Answer>[] => [
    alice.get(USER, { origin }),
    anyone.get(USER, { origin }),
    anyone.post(LOGIN, {}, { origin }),
    anyone.get('/nowhere/', { origin }),
  ]

  it('may read every answer with credentials, if they are known', async () => {
    for (const { headers } of await Promise.all(requests(FRONT_END))) {
      expect(headers.get('access-control-allow-origin')).toBe(FRONT_END)
      expect(headers.get('access-control-allow-credentials')).toBe('true')
      expect(headers.get('vary')?.toLowerCase()).toContain('origin')
      expect(headers.get('access-control-expose-headers')?.toLowerCase()).toMatch(
        /x-request-id.*x-d1-bookmark/,
      )
    }
  })

  it.each([
    'https://evil.example',
    'null',
    'http://localhost:3001',
    'http://localhost:3000.evil.example',
    '*',
  ])('may not, if not: %s', async (origin) => {
    for (const { headers } of await Promise.all(requests(origin))) {
      expect(headers.has('access-control-allow-origin')).toBe(false)
      expect(headers.get('vary')?.toLowerCase()).toContain('origin')
    }
  })

  it('ask before they write', async () => {
    const preflight = (origin: string) =>
      call('OPTIONS', '/posts/', {
        headers: {
          origin,
          'access-control-request-method': 'PATCH',
          'access-control-request-headers': 'authorization,content-type',
        },
      })
    const known = await preflight(FRONT_END)
    expect([known.status, known.body]).toEqual([204, ''])
    expect(Object.fromEntries(known.headers)).toMatchObject({
      'access-control-allow-origin': FRONT_END,
      'access-control-allow-credentials': 'true',
      'access-control-allow-headers': 'authorization,content-type',
      'access-control-max-age': expect.stringMatching(/^\d+$/),
    })
    for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'])
      expect(known.headers.get('access-control-allow-methods')?.split(',')).toContain(method)
    expect((await preflight('https://evil.example')).headers.has('access-control-allow-origin')).toBe(false)
  })
})
