/** What arrives as bytes: how much of it, in which charset, by which stack; and what becomes of numbers. */
import { exports } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { app } from '../src/app'
import { AUTH } from './auth-helpers'
import { client, ORIGIN, type Person, signUp, stored } from './client'
import { ascii, concat, gif } from './fixtures/images'

const KIB = 2 ** 10
const MIB = 2 ** 20
const LOGIN = `${AUTH}/login/`
const JSON_TYPE = 'application/json'
const URLENCODED = 'application/x-www-form-urlencoded'
const FORM = 'multipart/form-data; boundary=b'

const [alice, bob] = await Promise.all([signUp('alice'), signUp('bob')])
const { id } = (await alice.post('/posts/', { title: 'For comments' })).body

/** A body of any bytes and headers. */
async function send(path: string, type: string, body: BodyInit, person?: Person, more = {}) {
  const headers = { ...person?.headers, 'content-type': type, ...more }
  const response = await exports.default.fetch(new URL(path, ORIGIN), { method: 'POST', headers, body })
  return { status: response.status, headers: response.headers, body: await response.json() }
}
const title = async (type: string, body: BodyInit, more = {}) => {
  const answer = await send('/posts/', type, body, alice, more)
  return answer.status === 201 ? (answer.body as { title: string }).title : answer
}
const part = (header: string, content: string | Uint8Array<ArrayBuffer>) =>
  concat(
    ascii(`--b\r\n${header}\r\n\r\n`),
    typeof content === 'string' ? Uint8Array.from(new TextEncoder().encode(content)) : content,
    ascii('\r\n'),
  )
const form = (...parts: Uint8Array<ArrayBuffer>[]) => concat(...parts, ascii('--b--\r\n'))
const named = (name: string, value: string) => part(`Content-Disposition: form-data; name="${name}"`, value)

describe('bytes of a body', () => {
  const TOO_LARGE = { status: 413, body: { detail: 'Request body too large.' } }

  const LIMITS: [string, Person | undefined, number, number, string?][] = [
    ...[LOGIN, 'registration', 'token/refresh', 'token/verify', 'password/reset', 'password/reset/confirm']
      .map((path) => (path === LOGIN ? path : `${AUTH}/${path}/`))
      .map((path): [string, undefined, number, number] => [path, undefined, 8 * KIB, 8 * KIB]),
    [`${AUTH}/password/change/`, alice, 8 * KIB, 8 * KIB],
    ['/likes/', alice, 64 * KIB, 64 * KIB],
    ['/followers/', alice, 64 * KIB, 64 * KIB],
    [`/messages/${bob.id}/read/`, alice, 64 * KIB, 64 * KIB],
    ['/comments/', alice, 128_192, 128_192],
    [`/messages/${bob.id}/send/`, alice, 128_192, 12 * MIB, 'Image file too large (max 5MB)'],
    [`/messages/${bob.id}/start/`, alice, 128_192, 12 * MIB, 'Image file too large (max 5MB)'],
    ['/posts/', alice, 4 * MIB, 12 * MIB, 'Image size larger than 2MB!'],
  ]
  it.each(LIMITS)('%s: at most so many', async (path, person, ofText, ofForm, tooLarge) => {
    for (const [type, limit] of [
      [JSON_TYPE, ofText],
      [URLENCODED, ofText],
      ['text/plain', ofText],
      [FORM, ofForm],
    ] as const) {
      const fits = await send(path, type, new Uint8Array(limit).fill(0x20), person)
      expect([400, 401, 415], `${type} of ${limit}`).toContain(fits.status)
      expect(JSON.stringify(fits.body)).not.toMatch(/larger than|too large/)
      // Whether or not it says its length.
      const tooMuch = new Uint8Array(limit + 1).fill(0x20)
      for (const sent of [tooMuch, new Blob([tooMuch]).stream()]) {
        // Errors of calls that send a message have lists for values.
        const refused = /send|start/.test(path)
          ? { ...TOO_LARGE, body: { detail: [TOO_LARGE.body.detail] } }
          : TOO_LARGE
        const expected = type === FORM && tooLarge ? { status: 400, body: { image: [tooLarge] } } : refused
        expect(await send(path, type, sent, person)).toMatchObject(expected)
      }
    }
  })

  it('are bounded on every route that takes a body', async () => {
    const bodies = app.routes.filter(({ method }) => ['POST', 'PUT', 'PATCH'].includes(method))
    const paths = new Set(bodies.map(({ method, path }) => `${method} ${path}`))
    expect(paths.size).toBeGreaterThan(20)
    // Signing out reads none.
    paths.delete('POST /dj-rest-auth/logout')
    for (const route of paths) {
      const [method = '', pattern = ''] = route.split(' ')
      const path = pattern.replace(/:id\{[^}]*\}/, pattern.startsWith('/messages') ? `${bob.id}` : `${id}`)
      const asked = client(alice.headers)
      const send = { POST: asked.post, PUT: asked.put, PATCH: asked.patch }[method]
      const answer = await send?.(path, 'x'.repeat(12 * MIB + 1), { 'content-type': FORM })
      // What is not there or not one's own is said first.
      expect([400, 403, 404, 413], route).toContain(answer?.status)
    }
  })

  it('the longest texts fit, however they are spelled', async () => {
    const emoji = '🎉'
    for (const [path, length, more] of [
      ['/posts/', 100_000, { title: 'x' }],
      ['/comments/', 10_000, { post: String(id) }],
      [`/messages/${bob.id}/send/`, 10_000, {}],
    ] as const) {
      const fields = { ...more, content: emoji.repeat(length) }
      const escaped = JSON.stringify(fields).replaceAll(emoji, '\\ud83c\\udf89')
      expect((await send(path, JSON_TYPE, escaped, alice)).status).toBe(201)
      expect((await send(path, URLENCODED, new URLSearchParams(fields).toString(), alice)).status).toBe(201)
    }
  })
})

describe('what a body is made of', () => {
  const fields = (count: number) => Array.from({ length: count - 1 }, (_, i) => `f${i}`)
  const asJson = (count: number) =>
    `{${fields(count)
      .map((name) => `"${name}":1,`)
      .join('')}"title":"x"}`
  const asForm = (count: number) =>
    `${fields(count)
      .map((name) => `${name}=1&`)
      .join('')}title=x`
  const asParts = (count: number) =>
    form(...fields(count).map((name) => named(name, '1')), named('title', 'x'))
  const nested = (depth: number) => `{"title":"x","z":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`

  it('100 members, fields or parts, and no more', async () => {
    for (const [type, made, why] of [
      [JSON_TYPE, asJson, 'JSON parse error - more than 100 members'],
      [URLENCODED, asForm, 'Form parse error - more than 100 fields'],
      [FORM, asParts, 'Multipart form parse error - more than 100 parts'],
    ] as const) {
      expect(await title(type, made(100)), type).toBe('x')
      expect(await title(type, made(101)), type).toMatchObject({ status: 400, body: { detail: why } })
    }
    expect(await title(JSON_TYPE, `{"title":"x","z":[${'0,'.repeat(99)}0]}`)).toMatchObject({ status: 400 })
    expect(await title(JSON_TYPE, JSON.stringify({ title: ','.repeat(200) }))).toBe(','.repeat(200))
  })

  it('20 lists and objects inside each other, and no more', async () => {
    expect(await title(JSON_TYPE, nested(20))).toBe('x')
    const tooDeep = { status: 400, body: { detail: 'JSON parse error - nested more than 20 deep' } }
    expect(await title(JSON_TYPE, nested(21))).toMatchObject(tooDeep)
    expect(await title(JSON_TYPE, '['.repeat(4 * MIB))).toMatchObject(tooDeep)
    expect(await title(JSON_TYPE, `{"a":`.repeat(50_000))).toMatchObject(tooDeep)
    const brackets = '[{\\"[[[[[[[[[[[[[[[[[[[[[[['
    expect(await title(JSON_TYPE, `{"title":"${brackets}"}`)).toBe(brackets.replace('\\', ''))
  })

  it('what was measured to be slow is refused before it is parsed', async () => {
    const many = '&a'.repeat(2 * MIB).slice(1)
    expect(await title(URLENCODED, many)).toMatchObject({ status: 400 })
    const crowd = '--b\r\ncontent-disposition: form-data; name="a"\r\n\r\n\r\n'.repeat(230_000)
    expect(await title(FORM, `${crowd}--b--\r\n`)).toMatchObject({ status: 400 })
    expect((await send(LOGIN, FORM, crowd)).status).toBe(413)
  })
})

describe('numbers', () => {
  const json = (source: string) => title(JSON_TYPE, `{"title":${source}}`)
  it.each(['42', '1234567890123456789', '1e400', '-0', '1.50', '1E3', '0.1', '9'.repeat(200)])(
    '%s is the text that was sent',
    async (digits) => {
      expect(await json(digits)).toBe(digits)
    },
  )

  it('names are not rounded to those of others', async () => {
    const exact = await signUp('1234567890123456789')
    const numeric = await send(LOGIN, JSON_TYPE, '{"username":1234567890123456789,"password":"Zx9!kkqwPlum"}')
    expect(numeric).toMatchObject({ status: 200, body: { user: { pk: exact.id } } })
    const rounded = await send(LOGIN, JSON_TYPE, '{"username":1234567890123456800,"password":"Zx9!kkqwPlum"}')
    expect(rounded.status).toBe(400)
  })

  it('an id that no row has is repeated as it was sent', async () => {
    const nines = '9'.repeat(20)
    for (const [type, body] of [
      [JSON_TYPE, `{"post":${nines}}`],
      [JSON_TYPE, `{"post":"${nines}"}`],
      [URLENCODED, `post=${nines}`],
      [FORM, form(named('post', nines))],
    ] as const) {
      expect(await send('/likes/', type, body, alice)).toMatchObject({
        status: 400,
        body: { post: [`Invalid pk "${nines}" - object does not exist.`] },
      })
    }
    for (const source of ['1.5', '1e400', '1.0e-3'])
      expect(await send('/followers/', JSON_TYPE, `{"followed":${source}}`, alice)).toMatchObject({
        status: 400,
        body: { followed: ['Incorrect type. Expected pk value, received float.'] },
      })
    expect(await send(`/messages/${bob.id}/read/`, JSON_TYPE, '{"up_to":1e400}', alice)).toMatchObject({
      status: 400,
      body: { up_to: ['A valid integer is required.'] },
    })
  })

  it('are no choice, no file and no body', async () => {
    expect(await title(JSON_TYPE, '{"title":"x","image_filter":1e400}')).toMatchObject({
      status: 400,
      body: { image_filter: ['"1e400" is not a valid choice.'] },
    })
    expect(await title(JSON_TYPE, '{"title":"x","image":1e400}')).toMatchObject({ status: 400 })
    expect(await title(JSON_TYPE, '1e400')).toMatchObject({
      body: { non_field_errors: ['Invalid data. Expected a dictionary, but got float.'] },
    })
    expect(await title(JSON_TYPE, '9'.repeat(30))).toMatchObject({
      body: { non_field_errors: ['Invalid data. Expected a dictionary, but got int.'] },
    })
  })
})

describe('charsets', () => {
  const NIHON = Uint8Array.of(0x93, 0xfa, 0x96, 0x7b)

  it('one that is declared and known is decoded', async () => {
    const latin1 = concat(ascii('{"title":"caf'), Uint8Array.of(0xe9), ascii('"}'))
    expect(await title(`${JSON_TYPE}; charset=iso-8859-1`, latin1)).toBe('café')
    expect(await title(`${JSON_TYPE}; Charset="Windows-1252"`, latin1)).toBe('café')
    const utf16 = Uint8Array.from('{"title":"日本"}', (c) => c.charCodeAt(0))
    const wide = new Uint8Array(Uint16Array.from('{"title":"日本"}', (c) => c.charCodeAt(0)).buffer)
    expect(utf16.length).toBeLessThan(wide.length)
    expect(await title(`${JSON_TYPE}; charset=utf-16le`, wide)).toBe('日本')
    expect(await title(`${URLENCODED}; charset=shift_jis`, 'title=%93%FA%96%7B')).toBe('日本')
    expect(await title(`${URLENCODED}; charset=shift_jis`, concat(ascii('title='), NIHON))).toBe('日本')
    const form16 = new Uint8Array(Uint16Array.from('title=日本', (c) => c.charCodeAt(0)).buffer)
    expect(await title(`${URLENCODED}; charset=utf-16`, form16)).toBe('日本')
    const typed = part(
      'Content-Disposition: form-data; name="title"\r\nContent-Type: text/plain; charset=Shift_JIS',
      NIHON,
    )
    expect(await title(FORM, form(typed))).toBe('日本')
    expect(
      await title(
        FORM,
        form(named('_charset_', 'shift_jis'), part('Content-Disposition: form-data; name="title"', NIHON)),
      ),
    ).toBe('日本')
  })

  it('one that nobody knows is 415', async () => {
    for (const charset of ['utf-7', 'utf-32', 'x'])
      for (const type of [JSON_TYPE, URLENCODED])
        expect(await title(`${type}; charset=${charset}`, '')).toMatchObject({
          status: 415,
          body: { detail: `Unsupported charset "${charset}" in request.` },
        })
    const typed = part(
      'Content-Disposition: form-data; name="title"\r\nContent-Type: text/plain; charset=utf-7',
      'x',
    )
    expect(await title(FORM, form(typed))).toMatchObject({ status: 415 })
  })

  it('what is not text in its charset is 400, and nothing is stored', async () => {
    const before = await stored('select id from posts')
    for (const [type, body] of [
      [JSON_TYPE, concat(ascii('{"title":"'), Uint8Array.of(0xff), ascii('"}'))],
      [JSON_TYPE, concat(ascii('{"title":"'), Uint8Array.of(0xed, 0xa0, 0x80), ascii('"}'))],
      [URLENCODED, ascii('title=%ff')],
      [URLENCODED, ascii('title=x&%ff=1')],
      [URLENCODED, concat(ascii('title='), Uint8Array.of(0xc3))],
      [URLENCODED, ascii('title=%ED%A0%80')],
      [FORM, form(part('Content-Disposition: form-data; name="title"', Uint8Array.of(0xff)))],
      [FORM, form(part('Content-Disposition: form-data; name="title"', Uint8Array.of(0xed, 0xb0, 0x80)))],
    ] as const) {
      const answer = await title(type, body)
      expect(answer, type).toMatchObject({ status: 400, body: { detail: expect.any(String) } })
    }
    for (const half of ['\\ud83c', 'x\\udf89', '\\udf89\\ud83c'])
      expect(await title(JSON_TYPE, `{"title":"${half}"}`)).toMatchObject({
        status: 400,
        body: { title: ['Not a valid string.'] },
      })
    expect(await title(JSON_TYPE, '{"title":"\\ud83c\\udf89"}')).toBe('🎉')
    expect(await stored('select id from posts')).toHaveLength(before.length + 1)
  })

  it('urlencoded: a percent sign that encodes nothing stands for itself', async () => {
    expect(await title(URLENCODED, 'title=100%&&=&x')).toBe('100%')
    expect(await title(URLENCODED, 'title=%zz%4')).toBe('%zz%4')
    expect(await title(URLENCODED, 'title=a+b%2Bc%3d%26')).toBe('a b+c=&')
  })
})

describe('compressed bodies', () => {
  it.each(['gzip', 'br', 'deflate', 'zstd', 'gzip, identity'])('%s: 415 that names it', async (encoding) => {
    const answer = await send('/posts/', JSON_TYPE, '{"title":"x"}', alice, { 'content-encoding': encoding })
    expect(answer).toMatchObject({
      status: 415,
      body: { detail: `Unsupported content encoding "${encoding}" in request.` },
    })
    expect(answer.headers.get('accept-encoding')).toBe('identity')
  })

  it('identity is none', async () => {
    expect(await title(JSON_TYPE, '{"title":"x"}', { 'content-encoding': 'Identity' })).toBe('x')
  })
})

describe('forms by other stacks', () => {
  const cases: [string, string, Uint8Array<ArrayBuffer>][] = [
    [
      '.NET: names without quotes',
      'multipart/form-data; boundary="b"',
      form(
        part('Content-Type: text/plain; charset=utf-8\r\nContent-Disposition: form-data; name=title', 'x'),
      ),
    ],
    [
      'upper case',
      'Multipart/Form-Data; BOUNDARY=b',
      form(part('CONTENT-DISPOSITION: Form-Data; NAME="title"', 'x')),
    ],
    ['blanks around the boundary', 'multipart/form-data ; boundary = b ', form(named('title', 'x'))],
    [
      'blanks behind the delimiter',
      FORM,
      concat(ascii('--b \t\r\nContent-Disposition: form-data; name="title"\r\n\r\nx\r\n--b--')),
    ],
    [
      'something before and behind',
      FORM,
      concat(ascii('preamble\r\n'), form(named('title', 'x')), ascii('epilogue')),
    ],
    [
      'base64',
      FORM,
      form(
        part('Content-Disposition: form-data; name="title"\r\nContent-Transfer-Encoding: BASE64', 'eA=\r\n='),
      ),
    ],
    [
      'quoted-printable',
      FORM,
      form(
        part(
          'Content-Disposition: form-data; name="title"\r\nContent-Transfer-Encoding: quoted-printable',
          '=\r\n=78',
        ),
      ),
    ],
    [
      '8bit',
      FORM,
      form(part('Content-Disposition: form-data; name="title"\r\nContent-Transfer-Encoding: 8bit', 'x')),
    ],
    ['a folded header', FORM, form(part('Content-Disposition: form-data;\r\n name="title"', 'x'))],
    [
      'further parameters and headers',
      FORM,
      form(part('X-A: 1\r\nContent-Disposition: form-data; x="a;name=z"; name="title"; y', 'x')),
    ],
  ]
  it.each(cases)('%s', async (_, type, body) => {
    expect(await title(type, body)).toBe('x')
  })

  const FILES: [string, string][] = [
    ['filename* alone', `form-data; name="image"; filename*=UTF-8''b%C3%A4r.gif`],
    ['without quotes', 'form-data; name=image; filename=x.gif'],
    ['a path of Windows', 'form-data; name="image"; filename="C:\\images\\x.gif"'],
    ['a quote in the name', 'form-data; name="image"; filename="a\\"b;c.gif"'],
    ['no name of a file, but a type', 'form-data; name="image"\r\nContent-Type: application/octet-stream'],
    ['an empty name of a file', 'form-data; name="image"; filename=""'],
  ]
  it.each(FILES)('a file: %s', async (_, disposition) => {
    const image = part(`Content-Disposition: ${disposition}`, gif())
    const answer = await send('/posts/', FORM, form(named('title', 'x'), image), alice)
    expect(answer).toMatchObject({
      status: 201,
      body: { image: expect.stringMatching(/\/media\/[0-9a-f]{64}$/) },
    })
  })

  it('a file in base64', async () => {
    const wrapped = gif().toBase64().replace(/.{60}/g, '$&\r\n')
    const image = part(
      'Content-Disposition: form-data; name="image"; filename="x.gif"\r\nContent-Transfer-Encoding: base64',
      wrapped,
    )
    const answer = await send('/posts/', FORM, form(named('title', 'x'), image), alice)
    expect(answer).toMatchObject({ status: 201, body: { image: expect.stringMatching(/[0-9a-f]{64}$/) } })
  })

  it('a file that holds the boundary, or what looks like it', async () => {
    const odd = concat(gif(), ascii('\r\n--boundary\r\n--b\r--b--\n--bb--\r\n'))
    const image = part('Content-Disposition: form-data; name="image"; filename="x.gif"', odd)
    const answer = await send('/posts/', FORM, form(image, named('title', 'behind it')), alice)
    expect(answer).toMatchObject({ status: 201, body: { title: 'behind it' } })
  })

  it('nothing is dropped: what cannot be read is 400', async () => {
    for (const header of [
      'Content-Disposition: form-data',
      'Content-Type: text/plain',
      'Content-Disposition: form-data; name="z"\r\nContent-Transfer-Encoding: uuencode',
    ]) {
      const body = form(named('title', 'x'), part(header, 'x'))
      expect(await title(FORM, body), header).toMatchObject({ status: 400 })
    }
    for (const [encoding, content] of [
      ['base64', '***'],
      ['quoted-printable', '=zz'],
    ]) {
      const header = `Content-Disposition: form-data; name="z"\r\nContent-Transfer-Encoding: ${encoding}`
      expect(await title(FORM, form(named('title', 'x'), part(header, content ?? '')))).toMatchObject({
        status: 400,
      })
    }
    const longHeader = part(`X: ${'x'.repeat(9000)}\r\nContent-Disposition: form-data; name="z"`, 'x')
    expect(await title(FORM, form(named('title', 'x'), longHeader))).toMatchObject({ status: 400 })
  })
})
