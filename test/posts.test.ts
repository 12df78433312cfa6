import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import worker from '../src/index'
import {
  type Answer,
  anyone,
  call,
  client,
  download,
  form,
  ORIGIN,
  objectKeys,
  signUp,
  stored,
} from './client'
import { avif, bmp, gif, jpeg, noisePng, png, svg, tiff, webp } from './fixtures/images'

const [alice, bob] = await Promise.all([signUp('alice'), signUp('bob')])

const MIB = 2 ** 20
const NOT_AN_IMAGE =
  'Upload a valid image. The file you uploaded was either not an image or a corrupted image.'
const NOT_A_FILE = 'The submitted data was not a file. Check the encoding type on the form.'
const NOT_A_CHOICE = 'Select a valid choice. That choice is not one of the available choices.'
const FORBIDDEN = { detail: 'You do not have permission to perform this action.' }
const SIGNED_OUT = { detail: 'Authentication credentials were not provided.' }
const NOT_FOUND = { detail: 'Not found.' }
const DEFAULT_POST = `${ORIGIN}/media/images/default_post_ovkj9a.jpg`
const DEFAULT_PROFILE = `${ORIGIN}/media/images/default_profile_dqcubz.jpg`

const file = (bytes: Uint8Array<ArrayBuffer>, name = 'picture.png', type = 'image/png') =>
  new File([bytes], name, { type })
const countPosts = async () => (await stored<{ n: number }>('select count(*) as n from posts'))[0]?.n
const urlencoded = (fields: Record<string, string>) => new URLSearchParams(fields)
const titles = ({ body }: Answer): string[] => body.results.map((post: { title: string }) => post.title)
const ids = ({ body }: Answer): number[] => body.results.map((post: { id: number }) => post.id)

/** A new post of Alice; `fields` over a title. */
async function post(fields: Record<string, unknown> = {}) {
  const { status, body } = await alice.post('/posts/', { title: 'A post', ...fields })
  expect(status, JSON.stringify(body)).toBe(201)
  return body
}

/** Many posts of somebody at once, with ids from `first` on; the oldest is number 1. */
async function addPosts(ownerId: number, count: number, title = 'number') {
  const [row] = await stored<{ last: number }>(
    `select max(last_id, coalesce((select max(id) from posts), 0)) as last from tallies where name = 'posts'`,
  )
  await env.DB.prepare(
    `with recursive n(i) as (select 1 union all select i + 1 from n where i < ?1)
     insert into posts (id, owner_id, title, title_key, created_at, updated_at)
     select ?2 + i, ?3, ?4 || ' ' || i, lower(?4 || ' ' || i), 1724716800000 + i, 1724716800000 + i from n`,
  )
    .bind(count, row?.last, ownerId, title)
    .run()
}

describe('PostListViewTests', () => {
  it('nobody signed in: 401, and nothing stored', async () => {
    const before = await countPosts()
    for (const body of [{ title: 'x' }, {}, form({ title: 'x', image: file(png()) })]) {
      const answer = await anyone.post('/posts/', body)
      expect(answer).toMatchObject({ status: 401, body: SIGNED_OUT })
      expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="api"')
    }
    expect(await countPosts()).toBe(before)
    expect(await objectKeys()).toEqual([])
  })

  const long = (n: number) => 'x'.repeat(n)
  const bad: [string, unknown, Record<string, string[]>][] = [
    ['nothing', {}, { title: ['This field is required.'] }],
    ['an empty form', urlencoded({}), { title: ['This field is required.'] }],
    ['a blank title', { title: '' }, { title: ['This field may not be blank.'] }],
    ['a blank title in a form', form({ title: '' }), { title: ['This field may not be blank.'] }],
    ['a title of white space', { title: ' \t\n ' }, { title: ['This field may not be blank.'] }],
    ['title null', { title: null }, { title: ['This field may not be null.'] }],
    ['title a list', { title: ['x'] }, { title: ['Not a valid string.'] }],
    ['title an object', { title: { x: 1 } }, { title: ['Not a valid string.'] }],
    ['title a boolean', { title: true }, { title: ['Not a valid string.'] }],
    ['title a file', form({ title: file(png()) }), { title: ['Not a valid string.'] }],
    ['title with NUL', { title: 'a\0b' }, { title: ['Null characters are not allowed.'] }],
    ['title 256', { title: long(256) }, { title: ['Ensure this field has no more than 255 characters.'] }],
    [
      'title of 256 emoji',
      form({ title: '🎉'.repeat(256) }),
      { title: ['Ensure this field has no more than 255 characters.'] },
    ],
    ['content null', { title: 'x', content: null }, { content: ['This field may not be null.'] }],
    ['content a list', { title: 'x', content: [] }, { content: ['Not a valid string.'] }],
    ['content with NUL', { title: 'x', content: '\0' }, { content: ['Null characters are not allowed.'] }],
    [
      'content 100,001',
      { title: 'x', content: long(100_001) },
      { content: ['Ensure this field has no more than 100000 characters.'] },
    ],
    [
      'an unknown filter',
      { title: 'x', image_filter: 'zz' },
      { image_filter: ['"zz" is not a valid choice.'] },
    ],
    [
      'a filter of other case',
      { title: 'x', image_filter: 'Normal' },
      { image_filter: ['"Normal" is not a valid choice.'] },
    ],
    [
      'a blank filter in JSON',
      { title: 'x', image_filter: '' },
      { image_filter: ['"" is not a valid choice.'] },
    ],
    ['a filter null', { title: 'x', image_filter: null }, { image_filter: ['This field may not be null.'] }],
    ['a filter 5', { title: 'x', image_filter: 5 }, { image_filter: ['"5" is not a valid choice.'] }],
    ['image a string', { title: 'x', image: 'abc' }, { image: [NOT_A_FILE] }],
    ['image a string in a form', form({ title: 'x', image: 'abc' }), { image: [NOT_A_FILE] }],
    ['image its own URL', { title: 'x', image: DEFAULT_POST }, { image: [NOT_A_FILE] }],
    ['image a number', { title: 'x', image: 1 }, { image: [NOT_A_FILE] }],
    ['image an object', { title: 'x', image: {} }, { image: [NOT_A_FILE] }],
    ['image null', { title: 'x', image: null }, { image: ['This field may not be null.'] }],
    [
      'image a text',
      form({ title: 'x', image: file(new Uint8Array([104, 105])) }),
      { image: [NOT_AN_IMAGE] },
    ],
    ['image truncated', form({ title: 'x', image: file(png().subarray(0, 37)) }), { image: [NOT_AN_IMAGE] }],
    [
      'image empty',
      form({ title: 'x', image: file(new Uint8Array()) }),
      { image: ['The submitted file is empty.'] },
    ],
    ['image an SVG', form({ title: 'x', image: file(svg(), 'x.png') }), { image: [NOT_AN_IMAGE] }],
    [
      'image a declared SVG',
      form({ title: 'x', image: file(svg(), 'x.svg', 'image/svg+xml') }),
      { image: [NOT_AN_IMAGE] },
    ],
    [
      'image a BMP',
      form({ title: 'x', image: file(bmp(), 'x.bmp', 'image/bmp') }),
      { image: [NOT_AN_IMAGE] },
    ],
    [
      'image a TIFF',
      form({ title: 'x', image: file(tiff(), 'x.tiff', 'image/tiff') }),
      { image: [NOT_AN_IMAGE] },
    ],
    [
      'image 2 MiB and a byte',
      form({ title: 'x', image: file(jpeg({ padTo: 2 * MIB + 1 })) }),
      { image: ['Image size larger than 2MB!'] },
    ],
    [
      'image 2.4 MB',
      form({ title: 'x', image: file(noisePng(2_400_000)) }),
      { image: ['Image size larger than 2MB!'] },
    ],
    [
      'image 4097 wide',
      form({ title: 'x', image: file(png(4097, 10)) }),
      { image: ['Image width larger than 4096px!'] },
    ],
    [
      'image 4097 high',
      form({ title: 'x', image: file(png(10, 4097)) }),
      { image: ['Image height larger than 4096px!'] },
    ],
    [
      'image 4097 both ways',
      form({ title: 'x', image: file(png(4097, 4097)) }),
      { image: ['Image height larger than 4096px!'] },
    ],
    [
      'several at once',
      { title: '', content: null, image: 'x', image_filter: 'zz' },
      {
        title: ['This field may not be blank.'],
        content: ['This field may not be null.'],
        image: [NOT_A_FILE],
        image_filter: ['"zz" is not a valid choice.'],
      },
    ],
    [
      'several at once in a form with a file',
      form({ image: file(png(4097, 1)), image_filter: 'zz' }),
      {
        title: ['This field is required.'],
        image: ['Image width larger than 4096px!'],
        image_filter: ['"zz" is not a valid choice.'],
      },
    ],
    [
      'a list',
      [{ title: 'x' }],
      { non_field_errors: ['Invalid data. Expected a dictionary, but got list.'] },
    ],
  ]
  it('every bad field is told, to the letter, and nothing is stored', async () => {
    const before = await countPosts()
    for (const [name, body, errors] of bad) {
      const answer = await alice.post('/posts/', body)
      expect(answer.body, name).toEqual(errors)
      expect(answer.status, name).toBe(400)
    }
    expect(await countPosts()).toBe(before)
    expect(await objectKeys()).toEqual([])
    expect(await stored('select * from images')).toEqual([])
  })

  it('a body that cannot be read', async () => {
    const before = await countPosts()
    const send = (body: string, type: string) => alice.post('/posts/', body, { 'content-type': type })
    const malformed = await send('{"title": "secret', 'application/json')
    expect(malformed.status).toBe(400)
    expect(malformed.body.detail).toMatch(/^JSON parse error - /)
    expect(malformed.body.detail).not.toContain('secret')
    expect(await send('"x"', 'application/json')).toMatchObject({
      status: 400,
      body: { non_field_errors: ['Invalid data. Expected a dictionary, but got str.'] },
    })
    expect(await send('hi', 'text/plain')).toMatchObject({
      status: 415,
      body: { detail: 'Unsupported media type "text/plain" in request.' },
    })
    const huge = await send('x'.repeat(13 * MIB), 'multipart/form-data; boundary=x')
    expect(huge.status).toBe(413)
    expect(await countPosts()).toBe(before)
  })

  it('JSON: every field of the answer, and what is stored', async () => {
    const answer = await alice.post('/posts/', {
      title: '  Sunrise ',
      content: ' above\nclouds ',
      image_filter: '_1977',
    })
    const { id, created, updated, ...rest } = answer.body
    expect(answer.status).toBe(201)
    expect(id).toEqual(expect.any(Number))
    expect(new Date(created).toISOString()).toBe(created)
    expect(updated).toBe(created)
    const [row] = await stored('select * from posts where id = ?', id)
    expect(row).toMatchObject({
      owner_id: alice.id,
      title: 'Sunrise',
      content: 'above\nclouds',
      image: null,
      image_filter: '_1977',
    })
    expect(row?.created_at).toBe(Date.parse(created))
    expect(rest).toEqual({
      owner: 'alice',
      is_owner: true,
      profile_id: alice.id,
      profile_image: DEFAULT_PROFILE,
      created_at: expect.stringMatching(/^\d\d [A-Z][a-z]{2} \d{4}$/),
      updated_at: expect.stringMatching(/^\d\d [A-Z][a-z]{2} \d{4}$/),
      title: 'Sunrise',
      content: 'above\nclouds',
      image: DEFAULT_POST,
      image_filter: '_1977',
      like_id: null,
      likes_count: 0,
      comments_count: 0,
    })
  })

  it('urlencoded and multipart forms; a blank picture or filter is the default', async () => {
    for (const body of [
      urlencoded({ title: 'Delta & co', content: 'a_b', image: '', image_filter: '' }),
      form({ title: 'Delta & co', content: 'a_b', image: '', image_filter: '' }),
    ]) {
      expect(await alice.post('/posts/', body)).toMatchObject({
        status: 201,
        body: { title: 'Delta & co', content: 'a_b', image: DEFAULT_POST, image_filter: 'normal' },
      })
    }
    const emptyInput = [
      '--b',
      'content-disposition: form-data; name="title"',
      '',
      'No file chosen',
      '--b',
      'content-disposition: form-data; name="image"; filename=""',
      'content-type: application/octet-stream',
      '',
      '',
      '--b--',
      '',
    ].join('\r\n')
    expect(
      await alice.post('/posts/', emptyInput, { 'content-type': 'multipart/form-data; boundary=b' }),
    ).toMatchObject({ status: 201, body: { title: 'No file chosen', image: DEFAULT_POST } })
  })

  it('texts at their limits, numbers, and every filter', async () => {
    const emoji = '🎉'.repeat(255)
    expect((await post({ title: emoji })).title).toBe(emoji)
    expect((await post({ content: '🎉'.repeat(100_000) })).content).toHaveLength(200_000)
    expect((await post({ title: ` ${'x'.repeat(255)} ` })).title).toHaveLength(255)
    expect(await post({ title: 42, content: '' })).toMatchObject({ title: '42', content: '' })
    const filters = `_1977 brannan earlybird hudson inkwell lofi kelvin normal nashville rise toaster valencia
      walden xpro2`
    for (const name of filters.split(/\s+/)) {
      expect((await post({ image_filter: name })).image_filter).toBe(name)
    }
  })

  it('unknown and read-only fields are ignored', async () => {
    const created = await post({
      id: 7_777_777,
      owner: 'bob',
      is_owner: false,
      likes_count: 9,
      zzz: {},
      like_id: 3,
    })
    expect(created).toMatchObject({ owner: 'alice', is_owner: true, likes_count: 0, like_id: null })
    expect(created.id).toBeLessThan(7_777_777)
  })

  const good: [string, File, string][] = [
    ['a JPEG', file(jpeg(), 'x.jpg', 'image/jpeg'), 'image/jpeg'],
    ['a PNG', file(png()), 'image/png'],
    ['a GIF', file(gif(), 'x.gif', 'image/gif'), 'image/gif'],
    ['a WebP', file(webp(), 'x.webp', 'image/webp'), 'image/webp'],
    ['an AVIF', file(avif(), 'x.avif', 'image/avif'), 'image/avif'],
    ['a PNG named x.jpg', file(png(5, 5), 'x.jpg', 'image/png'), 'image/png'],
    ['a JPEG declared as HTML', file(jpeg({ orientation: 3 }), '../x.html', 'text/html'), 'image/jpeg'],
    ['a GIF with a name of 500 characters', file(gif(), 'x'.repeat(500), ''), 'image/gif'],
    ['exactly 2 MiB', file(jpeg({ padTo: 2 * MIB })), 'image/jpeg'],
    ['4096 × 4096', file(png(4096, 4096)), 'image/png'],
  ]
  it.each(good)('a picture: %s', async (_, image, type) => {
    const { status, body } = await alice.post('/posts/', form({ title: 'A picture', image }))
    expect(status, JSON.stringify(body)).toBe(201)
    expect(body.image).toMatch(new RegExp(`^${ORIGIN}/media/[0-9a-f]{64}$`))
    const served = await download(body.image)
    expect(served.status).toBe(200)
    expect(served.headers.get('content-type')).toBe(type)
    const [row] = await stored('select image from posts where id = ?', body.id)
    expect(body.image.endsWith(`/${row?.image}`)).toBe(true)
  })

  it('the list: newest first, as each viewer sees it', async () => {
    const first = await post({ title: 'older' })
    const second = await bob.post('/posts/', { title: 'newer' })
    expect(ids(await anyone.get('/posts/')).slice(0, 2)).toEqual([second.body.id, first.id])
    for (const [viewer, owns] of [
      [anyone, [false, false]],
      [alice, [false, true]],
      [bob, [true, false]],
    ] as const) {
      const { results } = (await viewer.get('/posts/')).body
      expect([results[0].is_owner, results[1].is_owner]).toEqual(owns)
    }
  })
})

describe('PostDetailViewTests', () => {
  const NINES = '9'.repeat(20)
  const MANY_NINES = '9'.repeat(400)

  it('a post by its id, with or without final slash, below both prefixes; HEAD', async () => {
    const created = await post({ title: 'Here' })
    for (const path of [`/posts/${created.id}`, `/posts/${created.id}/`, `/api/posts/${created.id}`]) {
      const answer = await anyone.get(path)
      expect(answer.status).toBe(200)
      expect(answer.body).toEqual({ ...created, is_owner: false })
      const head = await call('HEAD', path)
      expect([head.status, head.body]).toEqual([200, ''])
    }
  })

  it.each(['0', '999999', NINES, MANY_NINES])('no post %s: 404 for every method', async (id) => {
    for (const [method, body] of [
      ['GET', undefined],
      ['PUT', { title: 'x' }],
      ['PUT', {}],
      ['PATCH', { title: '' }],
      ['PATCH', {}],
      ['DELETE', undefined],
    ] as const) {
      const answer = await call(method, `/posts/${id}/`, { body, headers: alice.headers })
      expect(answer, method).toMatchObject({ status: 404, body: NOT_FOUND })
    }
  })

  it.each(['-1', 'x', '1.5', '1%00', '%', '１'])('no path /posts/%s/', async (id) => {
    expect(await anyone.get(`/posts/${id}/`)).toMatchObject({ status: 404, body: NOT_FOUND })
  })

  it('checks who asks, then whether it is there, then whose it is, then the body', async () => {
    const created = await post({ title: 'Untouched', content: 'mine' })
    const path = `/posts/${created.id}/`
    const badBodies: [string, Record<string, string>][] = [
      ['{"title": ""}', { 'content-type': 'application/json' }],
      ['{"title"', { 'content-type': 'application/json' }],
      ['hi', { 'content-type': 'text/plain' }],
    ]
    const changes: [string, Record<string, string>][] = [
      ...badBodies,
      ['{"title": "taken"}', { 'content-type': 'application/json' }],
    ]
    for (const method of ['PUT', 'PATCH']) {
      for (const [body, type] of changes) {
        const send = (where: string, credentials: Record<string, string>) =>
          call(method, where, { body, headers: { ...credentials, ...type } })
        expect(await send('/posts/999999/', {})).toMatchObject({ status: 401, body: SIGNED_OUT })
        expect(await send(path, {})).toMatchObject({ status: 401, body: SIGNED_OUT })
        expect(await send('/posts/999999/', bob.headers)).toMatchObject({ status: 404, body: NOT_FOUND })
        expect(await send(path, bob.headers)).toMatchObject({ status: 403, body: FORBIDDEN })
      }
      for (const [body, type] of badBodies) {
        const answer = await call(method, path, { body, headers: { ...alice.headers, ...type } })
        expect([400, 415]).toContain(answer.status)
      }
    }
    expect((await anyone.get(path)).body).toEqual({ ...created, is_owner: false })
  })

  it('somebody else cannot put a picture into it, and leaves none behind', async () => {
    const created = await post()
    const before = await stored('select hash from images order by hash')
    const image = file(png(31, 31))
    const answer = await bob.put(`/posts/${created.id}/`, form({ title: 'x', image }))
    expect(answer).toMatchObject({ status: 403, body: FORBIDDEN })
    await expect.poll(() => stored('select hash from images order by hash')).toEqual(before)
    expect((await objectKeys()).sort()).toEqual(before.map(({ hash }) => hash))
  })

  it('PUT changes what it is sent and keeps the rest; the title is required', async () => {
    const created = await post({ title: 'Before', content: 'stays', image_filter: 'lofi' })
    const path = `/posts/${created.id}/`
    expect(await alice.put(path, { content: 'x' })).toMatchObject({
      status: 400,
      body: { title: ['This field is required.'] },
    })
    expect(await alice.put(path, { title: 'After' })).toMatchObject({
      status: 200,
      body: { title: 'After', content: 'stays', image_filter: 'lofi' },
    })
    expect(await stored('select title, content, image_filter from posts where id = ?', created.id)).toEqual([
      { title: 'After', content: 'stays', image_filter: 'lofi' },
    ])
  })

  it('PATCH changes one field, or none', async () => {
    const created = await post({ title: 'Before', content: 'c' })
    const path = `/posts/${created.id}/`
    const changed = await alice.patch(path, { content: 'patched' })
    expect(changed).toMatchObject({ status: 200, body: { title: 'Before', content: 'patched' } })
    expect((await alice.patch(path, {})).status).toBe(200)
    expect((await alice.patch(path, { content: '' })).body.content).toBe('')
    expect(await alice.patch(path, { image_filter: 'no', title: null })).toMatchObject({
      status: 400,
      body: { image_filter: ['"no" is not a valid choice.'], title: ['This field may not be null.'] },
    })
    expect(await stored('select title, content from posts where id = ?', created.id)).toEqual([
      { title: 'Before', content: '' },
    ])
  })

  it('read-only fields stay', async () => {
    const created = await post()
    const { updated, updated_at, ...rest } = created
    const attempt = {
      id: 1,
      owner: 'bob',
      is_owner: false,
      profile_id: 1,
      likes_count: 5,
      created_at: 'x',
      created: 'y',
    }
    const { body } = await alice.patch(`/posts/${created.id}/`, attempt)
    expect(body).toMatchObject(rest)
  })

  it('a picture stays when the part is blank or absent, and changes with a new one', async () => {
    const created = await alice.post('/posts/', form({ title: 'x', image: file(png(6, 6)) }))
    const path = `/posts/${created.body.id}/`
    for (const body of [
      form({ title: 'y', image: '' }),
      urlencoded({ title: 'y', image: '' }),
      { title: 'y' },
    ]) {
      expect((await alice.put(path, body)).body.image).toBe(created.body.image)
    }
    for (const [image, message] of [
      [file(new Uint8Array([1])), NOT_AN_IMAGE],
      [file(png(4097, 1)), 'Image width larger than 4096px!'],
      ['http://x/y.png', NOT_A_FILE],
    ] as const) {
      const answer = await alice.put(path, form({ title: 'y', image }))
      expect(answer).toMatchObject({ status: 400, body: { image: [message] } })
    }
    const replaced = await alice.patch(path, form({ image: file(png(7, 7)) }))
    expect(replaced.status).toBe(200)
    expect(replaced.body.image).not.toBe(created.body.image)
    expect((await download(replaced.body.image)).status).toBe(200)
    expect((await anyone.get(path)).body.image).toBe(replaced.body.image)
  })

  it('DELETE: by the owner only, with its likes and comments; its id is not used again', async () => {
    const { id } = await post()
    const path = `/posts/${id}/`
    await bob.post('/likes/', { post: id })
    await bob.post('/comments/', { post: id, content: 'Nice' })
    expect(await anyone.delete(path)).toMatchObject({ status: 401, body: SIGNED_OUT })
    expect(await bob.delete(path)).toMatchObject({ status: 403, body: FORBIDDEN })
    expect((await bob.get(path)).body).toMatchObject({
      likes_count: 1,
      comments_count: 1,
      like_id: expect.any(Number),
    })
    expect(await alice.delete(path)).toMatchObject({ status: 204, body: '' })
    expect(await alice.delete(path)).toMatchObject({ status: 404, body: NOT_FOUND })
    expect(await anyone.get(path)).toMatchObject({ status: 404, body: NOT_FOUND })
    expect(await stored('select id from likes where post_id = ?', id)).toEqual([])
    expect(await stored('select id from comments where post_id = ?', id)).toEqual([])
    expect((await post()).id).toBeGreaterThan(id)
  })

  it('methods that a path lacks: 405 with those it has', async () => {
    const answer = await alice.post('/posts/1/', {})
    expect(answer).toMatchObject({ status: 405, body: { detail: 'Method "POST" not allowed.' } })
    expect(answer.headers.get('allow')).toBe('GET, HEAD, PUT, PATCH, DELETE, OPTIONS')
    expect((await alice.delete('/posts/')).headers.get('allow')).toBe('GET, HEAD, POST, OPTIONS')
  })

  it('dates for people have two digits for the day, dates for machines are ISO, both UTC', async () => {
    const { id } = await post()
    const late = Date.parse('2024-08-05T23:59:59.999Z')
    await env.DB.prepare('update posts set created_at = ?1, updated_at = ?1 + 1 where id = ?2')
      .bind(late, id)
      .run()
    expect((await anyone.get(`/posts/${id}/`)).body).toMatchObject({
      created_at: '05 Aug 2024',
      updated_at: '06 Aug 2024',
      created: '2024-08-05T23:59:59.999Z',
      updated: '2024-08-06T00:00:00.000Z',
    })
  })

  it("pictures are on the request's own origin, or where MEDIA_URL says", async () => {
    const { body } = await alice.post('/posts/', form({ title: 'x', image: file(png(8, 8)) }))
    const hash = body.image.split('/').at(-1)
    const elsewhere = await anyone.get(`https://social.example:8443/api/posts/${body.id}/`)
    expect(elsewhere.body.image).toBe(`https://social.example:8443/media/${hash}`)
    expect(elsewhere.body.profile_image).toBe(
      'https://social.example:8443/media/images/default_profile_dqcubz.jpg',
    )
    const context = createExecutionContext()
    const response = await worker.fetch(
      new Request(`${ORIGIN}/posts/${body.id}/`),
      { ...env, MEDIA_URL: 'https://pictures.example/all/' },
      context,
    )
    const configured = await response.json()
    await waitOnExecutionContext(context)
    expect(configured).toMatchObject({ image: `https://pictures.example/all/${hash}` })
  })
})

describe('pages', async () => {
  const dave = await signUp('dave')
  const nobody = await signUp('postless')
  await addPosts(dave.id, 105, 'page')
  const list = `/api/posts/?owner__profile=${dave.id}`
  const page = (query: string) => anyone.get(`${list}&${query}`)
  const newest = Array.from({ length: 105 }, (_, i) => `page ${105 - i}`)

  it('20 a page', async () => {
    const first = await page('')
    expect(first.body).toMatchObject({ count: 105, previous: null })
    expect(titles(first)).toEqual(newest.slice(0, 20))
    expect(titles(await page('page=1'))).toEqual(newest.slice(0, 20))
    expect(titles(await page('page=6'))).toEqual(newest.slice(100))
    expect((await page('page=6')).body.next).toBeNull()
    expect((await page('page=last')).body.results).toEqual((await page('page=6')).body.results)
    expect((await page('page=last')).body.previous).toBe(`${ORIGIN}${list}&page=5`)
  })

  it.each(['0', '-1', 'x', '1.5', '7', '999999', '9'.repeat(40), '1e1', 'first', '%00'])(
    'page=%s: 404',
    async (number) => {
      expect(await page(`page=${number}`)).toMatchObject({ status: 404, body: { detail: 'Invalid page.' } })
    },
  )

  it('an empty list has one page', async () => {
    const empty = { count: 0, next: null, previous: null, results: [] }
    for (const query of ['', '&page=1', '&page=last', '&cursor=']) {
      const answer = await anyone.get(`/posts/?owner__profile=${nobody.id}${query}`)
      expect(answer).toMatchObject({ status: 200, body: empty })
    }
    expect((await anyone.get(`/posts/?owner__profile=${nobody.id}&page=2`)).status).toBe(404)
  })

  it.each([
    ['7', 7],
    ['100', 100],
    ['101', 100],
    ['9'.repeat(30), 100],
    ['0', 20],
    ['-5', 20],
    ['x', 20],
    ['', 20],
    ['2.5', 20],
  ])('page_size=%s', async (size, length) => {
    const answer = await page(`page_size=${size}`)
    expect(answer.status).toBe(200)
    expect(answer.body.results).toHaveLength(length)
    expect(answer.body.next).not.toBeNull()
  })

  it('a page that is exactly full has no next one', async () => {
    expect((await page('page_size=35&page=3')).body.next).toBeNull()
    expect((await page('page_size=35&page=4')).status).toBe(404)
  })

  it('links lead through the whole list and back', async () => {
    const seen: string[][] = []
    let url: string | null = `${ORIGIN}${list}&page_size=30`
    let last = ''
    while (url) {
      const answer = await anyone.get(url)
      seen.push(titles(answer))
      last = url
      url = answer.body.next
    }
    expect(seen.flat()).toEqual(newest)
    const back: string[][] = []
    url = last
    while (url) {
      const answer = await anyone.get(url)
      back.unshift(titles(answer))
      url = answer.body.previous
    }
    expect(back).toEqual(seen)
  })

  it.each([
    ['http://api.test/api/posts/', 'foo=b%20c'],
    ['https://social.example:8443/posts', 'foo=b+c'],
    ['https://social.example/api/posts', 'foo=100%&b=%zz'],
    ['http://127.0.0.1:8787/posts/', 'search=page&ordering=-likes_count&x=&x=2'],
  ])("links keep the request's origin, prefix and parameters: %s?%s", async (base, query) => {
    const url = `${base}?page_size=2&owner__profile=${dave.id}&${query}&page=2`
    const { body } = await anyone.get(url)
    const expected = (number?: string) => {
      const params = new URL(url).searchParams
      if (number) params.set('page', number)
      else params.delete('page')
      return [...params].sort()
    }
    for (const [link, number] of [
      [body.next, '3'],
      [body.previous, undefined],
    ]) {
      expect(`${new URL(link).origin}${new URL(link).pathname}`).toBe(base)
      expect([...new URL(link).searchParams].sort()).toEqual(expected(number))
      expect((await anyone.get(link)).status).toBe(200)
    }
  })

  it('a parameter sent twice: the last one counts', async () => {
    const answer = await page('page_size=5&page=1&page=2&page_size=3')
    expect(answer.status).toBe(200)
    expect(titles(answer)).toEqual(newest.slice(3, 6))
  })
})

describe('cursors', async () => {
  const erin = await signUp('erin')
  await addPosts(erin.id, 60, 'cursor')
  await env.DB.prepare(
    'update posts set likes_count = id % 3, comments_count = id % 7, last_like_id = case id % 4 when 0 then 9007199254740991 else id % 5 end where owner_id = ?',
  )
    .bind(erin.id)
    .run()
  const orderings = [
    'created_at',
    '-created_at',
    'likes_count',
    '-likes_count',
    '-comments_count',
    'likes__created_at',
    '-likes__created_at',
  ]
  const lists: [string, string][] = [
    ['all posts', ''],
    ['of one owner', `owner__profile=${erin.id}`],
    ['found by a search', 'search=cursor'],
    ['found by a short search', 'search=rs'],
    ['of one owner, found by a search', `owner=${erin.id}&search=curs`],
  ]
  const cases = lists.flatMap(([name, filter]) =>
    orderings.map((ordering) => [name, ordering, filter] as const),
  )

  it.each(cases)('%s by %s: the same rows as by pages, once each', async (_, ordering, filter) => {
    const query = `/posts/?ordering=${ordering}&${filter}&page_size=100`
    const byPage: number[] = []
    for (let url: string | null = query; url; ) {
      const answer: Answer = await anyone.get(url)
      byPage.push(...ids(answer))
      url = answer.body.next
    }
    const byCursor: number[] = []
    for (let url: string | null = `${query.replace('100', '17')}&cursor=`; url; ) {
      const answer: Answer = await anyone.get(url)
      expect(answer.body.previous).toBeNull()
      expect(answer.body.count).toBe(byPage.length)
      byCursor.push(...ids(answer))
      url = answer.body.next
    }
    expect(byCursor).toEqual(byPage)
    expect(new Set(byCursor).size).toBe(byCursor.length)
  })

  it.each(['', 'ordering=created_at', 'ordering=-likes_count', 'ordering=comments_count', 'search=cursor'])(
    'neither skip nor repeat while others insert and delete: %s',
    async (query) => {
      const start = await stored<{ id: number; ownerId: number }>('select id, owner_id as ownerId from posts')
      const own = new Set(start.filter(({ ownerId }) => ownerId === erin.id).map(({ id }) => id))
      const deleted = new Set<number>()
      const seen: number[] = []
      let url: string | null = `/posts/?${query}&page_size=10&cursor=`
      while (url) {
        const answer: Answer = await anyone.get(url)
        const shown = ids(answer)
        seen.push(...shown)
        url = answer.body.next
        const inserted = await bob.post('/posts/', { title: 'cursor, meanwhile' })
        expect(inserted.status).toBe(201)
        // The row at the cursor itself, one already shown, and one still to come.
        const mine = shown.filter((id) => own.has(id))
        const coming = [...own].find((id) => !seen.includes(id) && !deleted.has(id))
        for (const id of [mine.at(-1), mine.at(0), coming]) {
          if (id === undefined || deleted.size > 24) continue
          deleted.add(id)
          await env.DB.prepare('delete from posts where id = ?').bind(id).run()
        }
        if (seen.length > 1000) break
      }
      expect(new Set(seen).size).toBe(seen.length)
      const matching =
        query === 'search=cursor'
          ? new Set(
              (await stored<{ id: number }>(`select id from posts where title_key like '%cursor%'`)).map(
                ({ id }) => id,
              ),
            )
          : undefined
      const stayed = start.map(({ id }) => id).filter((id) => !deleted.has(id) && (matching?.has(id) ?? true))
      expect(stayed.length).toBeGreaterThan(20)
      expect(stayed.filter((id) => !seen.includes(id))).toEqual([])
      await addPosts(erin.id, 30, 'cursor')
    },
  )

  it('one that cannot be read, or was made for another ordering: 400', async () => {
    const cursorOf = async (path: string) => {
      const { body } = await alice.get(path)
      return new URL(body.next).searchParams.get('cursor') ?? ''
    }
    const byLikes = await cursorOf('/posts/?ordering=-likes_count&page_size=1&cursor=')
    const encode = (value: unknown) => btoa(JSON.stringify(value))
    const bad = [
      'x',
      '!!!',
      '%',
      '%00',
      'a'.repeat(5000),
      '日本',
      btoa('not JSON'),
      encode(null),
      encode(5),
      encode({}),
      encode([]),
      encode(['-created_at']),
      encode(['-created_at', 1]),
      encode(['-created_at', 1, 'x']),
      encode(['-created_at', 1, 1.5]),
      encode(['-created_at', 1, null]),
      encode(['-created_at', 1, 1e300]),
      byLikes,
      byLikes.slice(0, -2),
      await cursorOf('/users/?page_size=1&cursor='),
    ]
    for (const cursor of bad) {
      const answer = await anyone.get(`/posts/?cursor=${encodeURIComponent(cursor)}`)
      expect(answer, cursor).toMatchObject({ status: 400, body: { cursor: ['Invalid cursor.'] } })
    }
    expect((await anyone.get('/posts/?cursor=%')).status).toBe(400)
    expect((await anyone.get(`/posts/?ordering=likes_count&cursor=${byLikes}`)).status).toBe(400)
    expect((await anyone.get(`/posts/?ordering=-likes_count&cursor=${byLikes}`)).status).toBe(200)
    expect((await anyone.get(`/profiles/?cursor=${byLikes}`)).status).toBe(400)
  })

  it('every paginated list has them', async () => {
    const someone = await signUp('frank')
    for (const id of [alice.id, bob.id]) await someone.post('/followers/', { followed: id })
    for (const title of ['one', 'two']) {
      const { id } = await post({ title })
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

describe('search', async () => {
  const [gina, björk] = await Promise.all([signUp('gina'), signUp('Björk')])
  const wanted = [
    'Mossy wool at 100%',
    'Mossy stones',
    'a_b snake',
    'axb snake',
    'He said "hullo, world"',
    "O'Brien",
    'ÉCOLE Été',
    'ΑΘΗΝΑ',
    '🎈 balloon',
    '日本語テキスト',
    'title:NOT OR near(* ^-',
    'zw',
  ]
  for (const title of wanted) await gina.post('/posts/', { title, content: 'contentsecret' })
  await björk.post('/posts/', { title: 'Isobel quuxal' })
  const search = async (words: string) =>
    titles(await anyone.get(`/posts/?search=${encodeURIComponent(words)}`))

  const found: [string, string[]][] = [
    ['mossy', ['Mossy stones', 'Mossy wool at 100%']],
    ['MOSSY', ['Mossy stones', 'Mossy wool at 100%']],
    ['osS', ['Mossy stones', 'Mossy wool at 100%']],
    ['mossy wool', ['Mossy wool at 100%']],
    ['wool,mossy', ['Mossy wool at 100%']],
    [' ,wool , ,mossy, ', ['Mossy wool at 100%']],
    ['mossy missing', []],
    ['100%', ['Mossy wool at 100%']],
    ['%', ['Mossy wool at 100%']],
    ['m%y', []],
    ['a_b', ['a_b snake']],
    ['_', ['a_b snake']],
    ['"', ['He said "hullo, world"']],
    ['"hullo', ['He said "hullo, world"']],
    ['"mossy wool"', []],
    ["'", ["O'Brien"]],
    ["o'brien", ["O'Brien"]],
    ["' or 1=1 --", []],
    ['école', ['ÉCOLE Été']],
    ['ecole', []],
    ['ÉTÉ', ['ÉCOLE Été']],
    ['αθηνα', ['ΑΘΗΝΑ']],
    ['🎈', ['🎈 balloon']],
    ['日本', ['日本語テキスト']],
    ['本語テ', ['日本語テキスト']],
    ['TITLE: near(* not', ['title:NOT OR near(* ^-']],
    ['zw', ['zw']],
    ['björk', ['Isobel quuxal']],
    ['BJÖ isobel', ['Isobel quuxal']],
    ['björk mossy', []],
    ['quuxalbj', []],
    ['contentsecret', []],
    ['mos\0sy wool', ['Mossy wool at 100%']],
  ]
  it.each(found)('%j', async (words, expected) => {
    expect(await search(words)).toEqual(expected)
  })

  it('nothing to look for finds everything', async () => {
    const all = await countPosts()
    for (const query of ['', 'search=', 'search=%00', 'search=%20,,%20', 'search']) {
      expect((await anyone.get(`/posts/?${query}`)).body.count).toBe(all)
    }
  })

  it('a % and a space that were not encoded are data', async () => {
    for (const query of ['search=mossy wool', 'search=100%', 'search=mossy+100%', 'search=100%&x=%zz']) {
      expect(titles(await anyone.get(`/posts/?${query}`))).toEqual(['Mossy wool at 100%'])
    }
    expect(titles(await anyone.get('/posts/?search=%zz'))).toEqual([])
  })

  it('combines with a filter and an ordering', async () => {
    const path = '/posts/?search=mossy'
    expect(titles(await anyone.get(`${path}&owner__profile=${gina.id}`))).toHaveLength(2)
    expect(titles(await anyone.get(`${path}&owner__profile=${björk.id}`))).toEqual([])
    expect(titles(await anyone.get(`${path}&ordering=created_at`))).toEqual([
      'Mossy wool at 100%',
      'Mossy stones',
    ])
    expect(titles(await anyone.get(`${path}&ordering=likes_count`))).toEqual([
      'Mossy stones',
      'Mossy wool at 100%',
    ])
  })

  it('as many words as one likes, if they repeat; else 60', async () => {
    const words = (n: number) => Array.from({ length: n }, (_, i) => `word${100 + i}`).join(' ')
    await gina.post('/posts/', { title: words(30) })
    expect(await search(words(30))).toHaveLength(1)
    expect(await search(`${words(30)} ${words(30)} ${words(30)} w wo wor`)).toHaveLength(1)
    expect(await search(words(60))).toEqual([])
    const tooMany = await anyone.get(`/posts/?search=${encodeURIComponent(words(61))}`)
    expect(tooMany.status).toBe(400)
    expect(tooMany.body).toEqual({ search: [expect.any(String)] })
  })

  it('follows new titles, deleted posts and renamed owners', async () => {
    const hanna = await signUp('hanna-olduser')
    const { body } = await hanna.post('/posts/', { title: 'Vellichor' })
    expect(await search('vellichor olduser')).toEqual(['Vellichor'])
    await hanna.patch(`/posts/${body.id}/`, { title: 'Petrichor' })
    expect(await search('vellichor')).toEqual([])
    expect(await search('petrichor olduser')).toEqual(['Petrichor'])
    expect((await hanna.patch('/dj-rest-auth/user/', { username: 'Hanna-Ünique' })).status).toBe(200)
    expect(await search('olduser')).toEqual([])
    expect(await search('ünique')).toEqual(['Petrichor'])
    expect(await search('petrichor ünique')).toEqual(['Petrichor'])
    await hanna.delete(`/posts/${body.id}/`)
    expect(await search('petrichor')).toEqual([])
  })
})

describe('filters', () => {
  const names = [
    'owner__profile',
    'owner__followed__owner__profile',
    'likes__owner__profile',
    'owner',
    'followed',
    'liked',
  ]
  it.each(names)('%s: somebody unknown or no number is no choice; blank is ignored', async (name) => {
    for (const value of ['abc', '999999', '0', '-1', '1.5', '9'.repeat(20), '%', "1'", 'null', '%00']) {
      const answer = await anyone.get(`/posts/?${name}=${value}`)
      expect(answer, value).toMatchObject({ status: 400, body: { [name]: [NOT_A_CHOICE] } })
    }
    const all = await countPosts()
    for (const value of ['', '%20']) {
      expect((await anyone.get(`/posts/?${name}=${value}`)).body.count).toBe(all)
    }
  })

  it('every bad one is told', async () => {
    expect(await anyone.get('/posts/?owner=x&liked=y&followed=')).toMatchObject({
      status: 400,
      body: { owner: [NOT_A_CHOICE], liked: [NOT_A_CHOICE] },
    })
    expect((await anyone.get('/posts/?owner=999999&liked=999998')).body).toEqual({
      owner: [NOT_A_CHOICE],
      liked: [NOT_A_CHOICE],
    })
  })

  it('unknown orderings and parameters are ignored', async () => {
    const plain = ids(await anyone.get('/posts/'))
    for (const query of [
      'ordering=nope',
      'ordering=title',
      'ordering=',
      'ordering=,,-',
      'ordering=__proto__',
      '__proto__=1',
      'constructor=x',
      'zzz=1',
    ]) {
      const answer = await anyone.get(`/posts/?${query}`)
      expect(answer.status, query).toBe(200)
      expect(ids(answer), query).toEqual(plain)
    }
  })

  it('a viewer whose account is gone: 401 also where anyone may read', async () => {
    const ghost = await signUp('ghost')
    await env.DB.prepare('delete from users where id = ?').bind(ghost.id).run()
    expect(await ghost.get('/posts/')).toMatchObject({ status: 401, body: { code: 'user_not_found' } })
    expect((await client().get('/posts/')).status).toBe(200)
  })
})
