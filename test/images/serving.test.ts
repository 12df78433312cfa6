import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import worker from '../../src/index'
import { anyone, call, download, form, ORIGIN, type Person, signUp } from '../client'
import { UNAVAILABLE } from '../fixtures/answers'
import {
  ascii,
  avif,
  concat,
  exif,
  gif,
  jpeg,
  jpegSegment,
  png,
  pngChunk,
  SECRET,
  webp,
} from '../fixtures/images'
import { type Bytes, broken, bucketWith, file, freshPng, hashOf, isStored, sha256 } from '../fixtures/uploads'

const alice = await signUp('alice')

const upload = (person: Person, bytes: Bytes, title = 'An image') =>
  person.post('/posts/', form({ title, image: file(bytes) }))

async function post(person: Person, bytes: Bytes): Promise<{ id: number; image: string; hash: string }> {
  const { status, body } = await upload(person, bytes)
  expect(status, JSON.stringify(body)).toBe(201)
  return { ...body, hash: hashOf(body.image) }
}

/** One request to a Worker with these bindings, to the end of all that it does. */
async function callWith(bindings: Partial<typeof env>, method: string, path: string, body?: FormData) {
  const context = createExecutionContext()
  const request = new Request(`${ORIGIN}${path}`, { method, headers: alice.headers, body: body ?? null })
  const response = await worker.fetch(request, { ...env, ...bindings }, context)
  const text = await response.text()
  await waitOnExecutionContext(context)
  return { status: response.status, headers: response.headers, body: text ? JSON.parse(text) : '' }
}

describe('GET /media/:hash', () => {
  const types: [string, Bytes, string][] = [
    ['JPEG', jpeg(), 'image/jpeg'],
    ['PNG', png(), 'image/png'],
    ['GIF', gif(), 'image/gif'],
    ['WebP', webp(), 'image/webp'],
    ['AVIF', avif(), 'image/avif'],
  ]
  it.each(types)('%s: the same bytes, with their type, for ever, and harmless', async (_, bytes, type) => {
    const { image, hash } = await post(alice, bytes)
    expect(hash).toBe(await sha256(bytes))
    const served = await download(image)
    expect(served.status).toBe(200)
    expect(served.bytes).toEqual(bytes)
    const { headers } = served
    expect(headers.get('content-type')).toBe(type)
    expect(headers.get('content-length')).toBe(String(bytes.length))
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('content-security-policy')).toBe("default-src 'none'; sandbox")
    expect(headers.get('cross-origin-resource-policy')).toBe('cross-origin')
    expect(headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
    expect(headers.get('etag')).toMatch(/^"[^"]+"$/)
    expect(headers.get('set-cookie')).toBeNull()
  })

  it('under /api too, with a query, and whatever the request accepts or carries', async () => {
    const bytes = freshPng()
    const { hash } = await post(alice, bytes)
    for (const path of [`/api/media/${hash}`, `/media/${hash}?t=1724716800`, `/media/${hash}/?t=100%`]) {
      const served = await download(path, { accept: 'image/*', authorization: 'Bearer garbage' })
      expect(served.status, path).toBe(200)
      expect(served.bytes).toEqual(bytes)
    }
  })

  it('HEAD: the headers alone', async () => {
    const bytes = freshPng()
    const { image } = await post(alice, bytes)
    const head = await call('HEAD', image)
    expect([head.status, head.body]).toEqual([200, ''])
    expect(head.headers.get('content-type')).toBe('image/png')
    expect(head.headers.get('etag')).toBe((await download(image)).headers.get('etag'))
  })

  it('an ETag that the client has: 304 without a body', async () => {
    const { image } = await post(alice, freshPng())
    const etag = (await download(image)).headers.get('etag') ?? ''
    for (const known of [etag, `"other", ${etag}`, `W/${etag}`, '*']) {
      const answer = await download(image, { 'if-none-match': known })
      expect([answer.status, answer.bytes.length], known).toEqual([304, 0])
      expect(answer.headers.get('etag')).toBe(etag)
      expect(answer.headers.get('cache-control')).toContain('immutable')
    }
    for (const other of ['"other"', '"', 'x', '', `${etag}"`]) {
      expect((await download(image, { 'if-none-match': other })).status, other).toBe(200)
    }
  })

  it('parts of it: from, to, the end', async () => {
    const bytes = jpeg({ orientation: 6 })
    const { image } = await post(alice, bytes)
    const size = (await download(image)).bytes.length
    const whole = (await download(image)).bytes
    for (const [range, from, to] of [
      ['bytes=0-0', 0, 1],
      ['bytes=10-19', 10, 20],
      ['bytes=10-', 10, size],
      ['bytes=-7', size - 7, size],
      ['bytes=10-999999', 10, size],
    ] as const) {
      const part = await download(image, { range })
      expect(part.status, range).toBe(206)
      expect(part.headers.get('content-range'), range).toBe(`bytes ${from}-${to - 1}/${size}`)
      expect(part.headers.get('content-length'), range).toBe(String(to - from))
      expect(part.bytes, range).toEqual(whole.slice(from, to))
    }
  })

  it('a part that it does not have: 416; a range that cannot be read is ignored', async () => {
    const { image } = await post(alice, freshPng())
    const size = (await download(image)).bytes.length
    const beyond = await download(image, { range: 'bytes=999999-' })
    expect(beyond.status).toBe(416)
    expect(beyond.headers.get('content-range')).toBe(`bytes */${size}`)
    for (const range of ['bytes=x-y', 'lines=0-1', 'bytes', '', 'bytes=5-1']) {
      expect([200, 416], range).toContain((await download(image, { range })).status)
    }
  })

  it('no such image: a JSON 404, which nobody may keep', async () => {
    for (const name of [
      '0'.repeat(64),
      '0'.repeat(63),
      'F'.repeat(64),
      '',
      '..%2f..%2fposts',
      '%',
      'images',
      'images/',
      'images/none.jpg',
    ]) {
      const answer = await anyone.get(`/media/${name}`)
      expect(answer, name).toMatchObject({ status: 404, body: { detail: 'Not found.' } })
      expect(answer.headers.get('cache-control')).toBe('private, no-store')
    }
  })

  it('only reads', async () => {
    const { hash } = await post(alice, freshPng())
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
      expect(await call(method, `/media/${hash}`, { headers: alice.headers })).toMatchObject({ status: 405 })
    }
    expect(await isStored(hash)).toBe(true)
  })

  it('default images are the project’s own files', async () => {
    const { body } = await alice.post('/posts/', { title: 'No image' })
    for (const [url, path] of [
      [body.image, '/media/images/default_post_ovkj9a.jpg'],
      [body.profile_image, '/media/images/default_profile_dqcubz.jpg'],
    ]) {
      expect(url).toBe(`${ORIGIN}${path}`)
      for (const where of [url, `${ORIGIN}/api${path}`, `${url}?t=1`]) {
        const served = await download(where)
        expect(served.status, where).toBe(200)
        expect(served.headers.get('content-type')).toBe('image/jpeg')
        expect([...served.bytes.subarray(0, 2)]).toEqual([0xff, 0xd8])
      }
    }
  })

  it('the bucket out of reach: 503, and the client may try again', async () => {
    const { hash } = await post(alice, freshPng())
    const answer = await callWith({ MEDIA: bucketWith({ get: broken }) }, 'GET', `/media/${hash}`)
    expect(answer).toMatchObject({ status: 503, body: UNAVAILABLE })
    expect(answer.headers.get('retry-after')).toBe('1')
    expect(answer.headers.get('cache-control')).toBe('private, no-store')
  })
})

describe('what an image gives away', () => {
  const xmp = `http://ns.adobe.com/xap/1.0/\0<x:xmpmeta>${SECRET}</x:xmpmeta>`
  const eXIf = pngChunk('eXIf', exif({ orientation: 6, gps: true }))
  const loud: [string, Bytes, boolean][] = [
    [
      'JPEG: Exif with the place, XMP, a comment',
      withXmp(jpeg({ orientation: 6, gps: true, comment: SECRET })),
      true,
    ],
    [
      'PNG: text chunks and Exif',
      png(9, 9, { chunks: [pngChunk('tEXt', ascii(`Author\0${SECRET}`)), eXIf] }),
      true,
    ],
    ['GIF: a comment', gif({ comment: SECRET }), false],
    ['WebP: Exif and XMP', webp({ orientation: 6, gps: true, xmp: SECRET }), true],
    ['AVIF: Exif and XMP', avif({ metadata: true }), false],
  ]
  it.each(loud)('%s: not served, but it stays upright', async (_, bytes, turned) => {
    expect(latin1(bytes)).toContain(SECRET)
    const { image, hash } = await post(alice, bytes)
    const served = await download(image)
    expect(latin1(served.bytes)).not.toContain(SECRET)
    expect(latin1(served.bytes)).not.toMatch(/xmpmeta|GPS/)
    // The Exif entry that is left: tag 0x0112, orientation 6.
    expect(latin1(served.bytes).includes('\x01\x12\0\x03\0\0\0\x01\0\x06')).toBe(turned)
    expect(hash).toBe(await sha256(served.bytes))
  })

  function withXmp(image: Bytes): Bytes {
    return concat(image.subarray(0, 20), jpegSegment(0xe1, ascii(xmp)), image.subarray(20))
  }

  function latin1(bytes: Uint8Array): string {
    return Array.from(bytes, (byte) => String.fromCharCode(byte)).join('')
  }
})
