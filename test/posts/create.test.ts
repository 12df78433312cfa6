import { describe, expect, it } from 'vitest'
import { anyone, download, form, ORIGIN, objectKeys, signUp, stored } from '../client'
import { DEFAULT_POST, DEFAULT_PROFILE, NOT_A_FILE, NOT_AN_IMAGE, NOT_SIGNED_IN } from '../fixtures/answers'
import { createPost } from '../fixtures/factories'
import { avif, bmp, gif, jpeg, noisePng, png, svg, tiff, webp } from '../fixtures/images'
import { file } from '../fixtures/uploads'

const alice = await signUp('alice')
const MIB = 2 ** 20
const countPosts = async () => (await stored<{ n: number }>('select count(*) as n from posts'))[0]?.n
const urlencoded = (fields: Record<string, string>) => new URLSearchParams(fields)

describe('POST /posts/ (PostListViewTests)', () => {
  it('nobody signed in: 401, and nothing stored', async () => {
    const before = await countPosts()
    for (const body of [{ title: 'x' }, {}, form({ title: 'x', image: file(png()) })]) {
      const answer = await anyone.post('/posts/', body)
      expect(answer).toMatchObject({ status: 401, body: NOT_SIGNED_IN })
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
    expect(huge).toMatchObject({ status: 400, body: { image: ['Image size larger than 2MB!'] } })
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
      is_sensitive: false,
      profile_id: alice.id,
      profile_image: DEFAULT_PROFILE,
      created_at: expect.stringMatching(/^\d\d [A-Z][a-z]{2} \d{4}$/),
      updated_at: expect.stringMatching(/^\d\d [A-Z][a-z]{2} \d{4}$/),
      title: 'Sunrise',
      content: 'above\nclouds',
      mentions: [],
      image: DEFAULT_POST,
      image_filter: '_1977',
      image_alt: '',
      image_width: null,
      image_height: null,
      image_thumbhash: null,
      comments_closed: false,
      like_id: null,
      likes_count: 0,
      comments_count: 0,
    })
  })

  it('urlencoded and multipart forms; a blank image or filter is the default', async () => {
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
    expect((await createPost(alice, { title: emoji })).title).toBe(emoji)
    expect((await createPost(alice, { content: '🎉'.repeat(100_000) })).content).toHaveLength(200_000)
    expect((await createPost(alice, { title: ` ${'x'.repeat(255)} ` })).title).toHaveLength(255)
    expect(await createPost(alice, { title: 42, content: '' })).toMatchObject({ title: '42', content: '' })
    const filters = `_1977 brannan earlybird hudson inkwell lofi kelvin normal nashville rise toaster valencia
      walden xpro2`
    for (const name of filters.split(/\s+/)) {
      expect((await createPost(alice, { image_filter: name })).image_filter).toBe(name)
    }
  })

  it('unknown and read-only fields are ignored', async () => {
    const created = await createPost(alice, {
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
  it.each(good)('an image: %s', async (_, image, type) => {
    const { status, body } = await alice.post('/posts/', form({ title: 'An image', image }))
    expect(status, JSON.stringify(body)).toBe(201)
    expect(body.image).toMatch(new RegExp(`^${ORIGIN}/media/[0-9a-f]{64}$`))
    const served = await download(body.image)
    expect(served.status).toBe(200)
    expect(served.headers.get('content-type')).toBe(type)
    const [row] = await stored('select image from posts where id = ?', body.id)
    expect(body.image.endsWith(`/${row?.image}`)).toBe(true)
  })
})
