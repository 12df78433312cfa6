/** Smaller versions of images, made by a double of the platform's binding: it gives back a short text that names what it was asked. */
import { createExecutionContext, createScheduledController, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import worker from '../../src/index'
import { type Person, stored } from '../client'
import { createPost, signUpCast } from '../fixtures/factories'
import { gif, png } from '../fixtures/images'
import { show } from '../fixtures/messages'
import { type Bytes, broken, bucketWith, file, freshPng, hashOf } from '../fixtures/uploads'

let alice: Person
let bob: Person
let carol: Person
beforeAll(async () => {
  ;({ alice, bob, carol } = await signUpCast())
})

/** What the binding was asked to make. */
let made: { width: number | undefined; format: string }[] = []
let answer: (width: number | undefined) => Promise<Response>
beforeEach(() => {
  made = []
  answer = async (width) => new Response(`${width} px`)
})
const IMAGES = {
  input: () => ({
    transform: ({ width }: { width?: number }) => ({
      output: async ({ format }: { format: string }) => {
        made.push({ width, format })
        const response = await answer(width)
        return { response: () => response }
      },
    }),
  }),
} as unknown as ImagesBinding

/** A request to a Worker that has the binding, to the end of all that it does. */
async function get(url: string, headers: Record<string, string> = {}, bindings: object = { IMAGES }) {
  const context = createExecutionContext()
  const response = await worker.fetch(new Request(url, { headers }), { ...env, ...bindings } as Env, context)
  const bytes = await response.bytes()
  await waitOnExecutionContext(context)
  return { status: response.status, headers: response.headers, bytes, text: new TextDecoder().decode(bytes) }
}

const post = async (bytes: Bytes = freshPng(), type = 'image/png') =>
  (await createPost(alice, { image: file(bytes, 'image', type) })).image
const keysOf = async (url: string) =>
  (await env.MEDIA.list({ prefix: hashOf(url) })).objects.map(({ key }) => key.replace(hashOf(url), ''))
const rowOf = async (hash: string) =>
  (await stored('select refs, leases from images where hash = ?', hash))[0]

describe('an image of a post', () => {
  it('is the original where the binding is not configured, whatever is asked', async () => {
    const bytes = freshPng()
    const url = await post(bytes)
    expect((await get(`${url}?w=320`, {}, {})).bytes).toEqual(bytes)
    expect(await keysOf(url)).toEqual([''])
  })

  it.each(['0', '321', '1e3', '0320', '-320', '320px', ''])('is the original for w=%s', async (w) => {
    const bytes = freshPng()
    const url = await post(bytes)
    expect((await get(`${url}?w=${w}`)).bytes).toEqual(bytes)
    expect(made).toEqual([])
  })

  it.each([320, 640, 1280])('is made once in a width of %d, and kept beside the original', async (w) => {
    const url = await post(png(2000, 1500))
    for (let i = 0; i < 2; i++) {
      const { status, headers, text } = await get(`${url}?w=${w}`)
      expect([status, text]).toEqual([200, `${w} px`])
      expect(headers.get('content-type')).toBe('image/png')
      expect(headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
      expect(headers.get('access-control-allow-origin')).toBe('*')
      expect(headers.get('content-length')).toBe(String(text.length))
    }
    expect(made).toEqual([{ width: w, format: 'image/png' }])
    expect(await rowOf(hashOf(url))).toMatchObject({ leases: 0 })
    expect(await keysOf(url)).toContain(`/${w}`)
  })

  it('has an ETag and ranges of its own', async () => {
    const url = await post()
    const [original, small] = [await get(url), await get(`${url}?w=320`)]
    const tag = small.headers.get('etag') ?? ''
    expect(tag).not.toBe(original.headers.get('etag'))
    expect((await get(`${url}?w=320`, { 'if-none-match': tag })).status).toBe(304)
    const part = await get(`${url}?w=320`, { range: 'bytes=0-2', 'if-range': tag })
    expect([part.status, part.text, part.headers.get('content-range')]).toEqual([206, '320', 'bytes 0-2/6'])
    expect((await get(`${url}?w=320`, { range: 'bytes=9-' })).headers.get('content-range')).toBe('bytes */6')
  })

  it('is never larger than the original, and not tried again', async () => {
    const bytes = freshPng()
    const url = await post(bytes)
    answer = async () => new Response(new Uint8Array(bytes.length + 1))
    for (let i = 0; i < 2; i++) expect((await get(`${url}?w=640`)).bytes).toEqual(bytes)
    expect(made).toHaveLength(1)
  })

  it('is the original where it may be animated', async () => {
    const bytes = gif()
    const url = await post(bytes, 'image/gif')
    expect((await get(`${url}?w=320`)).bytes).toEqual(bytes)
    expect(made).toEqual([])
    expect(await keysOf(url)).toEqual([''])
  })

  it('is the original, for this once, where none can be made', async () => {
    const bytes = freshPng()
    const url = await post(bytes)
    answer = () => Promise.reject(new Error('IMAGES_TRANSFORM_ERROR 9523'))
    const failed = await get(`${url}?w=320`)
    expect([failed.status, failed.bytes]).toEqual([200, bytes])
    expect(failed.headers.get('cache-control')).toBe('no-cache')
    expect(await rowOf(hashOf(url))).toEqual({ refs: 1, leases: 0 })
    answer = async () => new Response('better')
    expect((await get(`${url}?w=320`)).text).toBe('better')
  })

  it('nor is anything lost where the bucket takes none', async () => {
    const bytes = freshPng()
    const url = await post(bytes)
    const failed = await get(`${url}?w=320`, {}, { IMAGES, MEDIA: bucketWith({ put: broken }) })
    expect([failed.status, failed.bytes]).toEqual([200, bytes])
    expect(await keysOf(url)).toEqual([''])
  })

  it('asked for while it is made: the original', async () => {
    const bytes = freshPng()
    const url = await post(bytes)
    const slow = Promise.withResolvers<Response>()
    answer = () => slow.promise
    const first = get(`${url}?w=320`)
    await expect.poll(() => made.length).toBe(1)
    expect((await get(`${url}?w=320`)).bytes).toEqual(bytes)
    slow.resolve(new Response('done'))
    expect((await first).text).toBe('done')
  })

  it('that is not there has none', async () => {
    const url = (await post()).replace(/.{8}$/, '00000000')
    expect((await get(`${url}?w=320`)).status).toBe(404)
    expect(made).toEqual([])
    expect(await rowOf(hashOf(url))).toBeUndefined()
  })

  it('goes with all that was made of it', async () => {
    const { id, image } = await createPost(alice, { image: file(freshPng()) })
    for (const w of [320, 640, 1280]) await get(`${image}?w=${w}`)
    expect(await keysOf(image)).toHaveLength(4)
    expect((await alice.delete(`/posts/${id}/`)).status).toBe(204)
    await expect.poll(() => keysOf(image)).toEqual([])
  })

  it('deleted while one is made: nothing stays', async () => {
    const { id, image } = await createPost(alice, { image: file(freshPng()) })
    const slow = Promise.withResolvers<Response>()
    answer = () => slow.promise
    const making = get(`${image}?w=320`)
    await expect.poll(() => made.length).toBe(1)
    await alice.delete(`/posts/${id}/`)
    slow.resolve(new Response('too late'))
    await making
    await expect.poll(() => keysOf(image)).toEqual([])
    expect(await rowOf(hashOf(image))).toBeUndefined()
  })

  it('whose maker died goes with the next sweep, all of it', async () => {
    const { id, image } = await createPost(alice, { image: file(freshPng()) })
    answer = () => new Promise(() => {})
    void get(`${image}?w=320`)
    await expect.poll(() => made.length).toBe(1)
    await env.MEDIA.put(`${hashOf(image)}/320`, 'put, and nothing after it')
    await alice.delete(`/posts/${id}/`)
    await stored('update images set leased_until = 0 where hash = ?', hashOf(image))
    await worker.scheduled(createScheduledController(), env as Env)
    expect(await keysOf(image)).toEqual([])
  })
})

describe('an image of a message', () => {
  it('is smaller for its two people only', async () => {
    const { id, image } = await show(alice, bob)
    for (const headers of [carol.headers, {}] as Record<string, string>[])
      expect((await get(`${new URL(image).origin}/media/messages/${id}?w=320`, headers)).status).toBe(404)
    expect(made).toEqual([])
    const small = await get(`${image}?w=320`)
    expect([small.status, small.text]).toEqual([200, '320 px'])
    expect(small.headers.get('cache-control')).toMatch(/^private, max-age=\d+, immutable$/)
    expect((await get(`${new URL(image).origin}/media/messages/${id}?w=320`, bob.headers)).text).toBe(
      '320 px',
    )
  })

  it('is not found among those that everybody sees, nor made for whoever knows its bytes', async () => {
    const { hash } = await show(alice, bob)
    const [{ origin }] = [new URL((await post()) as string)]
    expect((await get(`${origin}/media/${hash}?w=640`)).status).toBe(404)
    expect(made).toEqual([])
  })
})
