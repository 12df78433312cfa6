import { env } from 'cloudflare:workers'
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { anyone, call, client, download, form, objectKeys, PASSWORD, type Person, stored } from '../client'
import { createPost, signUpCast, signUpPair } from '../fixtures/factories'
import { fresh, imageHash, send, show, thread } from '../fixtures/messages'
import { file, freshPng, sha256 } from '../fixtures/uploads'
import { listen } from '../sockets'

let alice: Person
let bob: Person
let carol: Person
beforeAll(async () => {
  ;({ alice, bob, carol } = await signUpCast())
})
afterEach(() => vi.restoreAllMocks())

const HOUR_MS = 3_600_000
const status = async (url: string, headers = {}) => (await download(url, headers)).status

/** The URL of the message's image as somebody sees it. */
const urlFor = async (viewer: Person, other: Person, id: number): Promise<string> =>
  (await thread(viewer, other)).results.find((message: { id: number }) => message.id === id).image

/** Answers to this request and to the same about something that is not there are the same, but for their names. */
async function expectAbsent(url: string, absent: string, headers = {}) {
  const [one, none] = await Promise.all([url, absent].map((path) => call('GET', path, { headers })))
  expect([one?.status, one?.body]).toEqual([404, { detail: 'Not found.' }])
  const headersOf = (answer: typeof one) =>
    [...(answer?.headers ?? [])].filter(([name]) => !/^(x-|server-timing)/.test(name))
  expect([one?.body, headersOf(one)]).toEqual([none?.body, headersOf(none)])
}

describe('the image of a message', () => {
  it('is not there for anybody else, however they ask', async () => {
    const { id, image, hash } = await show(alice, bob)
    const [ticket = ''] = image.split('/').slice(-1)
    const own = `/media/messages/${id}`
    const absent = '/media/messages/999999'
    await expectAbsent(own, absent, carol.headers)
    await expectAbsent(own, absent)
    await expectAbsent(`${own}/`, absent, { cookie: `my-app-auth=${carol.access}` })
    // Another's name in the ticket, another message's number, a signature that is not ours.
    const [viewer, session, ends, signature] = ticket.split('.')
    for (const forged of [
      [carol.id, session, ends, signature],
      [viewer, '', ends, signature],
      [viewer, session, Number(ends) + 1, signature],
      [viewer, session, ends, 'A'.repeat(22)],
      [viewer, session, ends, ''],
      [viewer, session, ends],
    ])
      await expectAbsent(`${own}/${forged.join('.')}`, `${absent}/${ticket}`)
    const theirs = await show(carol, bob)
    await expectAbsent(`/media/messages/${theirs.id}/${ticket}`, `${absent}/${ticket}`)
    for (const odd of ['x', '%', '0', `${'9'.repeat(400)}.${ticket}`])
      expect(await status(`${own}/${odd}`)).toBe(404)
    expect(await status(image)).toBe(200)
    expect(await imageHash(id)).toBe(hash)
  })

  it('nor once the URL’s time is over, which is six to twelve hours', async () => {
    const { image } = await show(alice, bob)
    const now = Date.now()
    vi.spyOn(Date, 'now').mockReturnValue(now + 6 * HOUR_MS - 1)
    expect(await status(image)).toBe(200)
    vi.spyOn(Date, 'now').mockReturnValue(now + 12 * HOUR_MS + 1)
    expect(await status(image)).toBe(404)
  })

  it('nor once their session has ended, by URL or by token', async () => {
    const [one, other] = await signUpPair()
    const { id } = await show(one, other)
    const [mine, theirs] = [await urlFor(one, other, id), await urlFor(other, one, id)]
    expect([await status(mine), await status(theirs)]).toEqual([200, 200])
    expect((await other.post('/dj-rest-auth/logout/', { refresh: other.refresh })).status).toBe(200)
    expect([await status(mine), await status(theirs)]).toEqual([200, 404])
    expect((await other.get(`/media/messages/${id}/`)).status).toBe(401)
    expect((await one.get(`/media/messages/${id}/`)).status).toBe(200)
  })

  it('nor while one of the two blocks the other', async () => {
    const [one, other] = await signUpPair()
    const { id } = await show(one, other)
    const urls = [await urlFor(one, other, id), await urlFor(other, one, id)]
    const { body, status: made } = await one.post('/blocks/', { blocked: other.id })
    expect(made).toBe(201)
    for (const [i, viewer] of [one, other].entries()) {
      expect(await status(urls[i] ?? '')).toBe(404)
      expect((await viewer.get(`/media/messages/${id}/`)).status).toBe(404)
    }
    await one.delete(`/blocks/${body.id}/`)
    expect(await status(urls[1] ?? '')).toBe(200)
  })

  it('nor once their account is deleted', async () => {
    const [one, other] = await signUpPair()
    const { id } = await show(one, other)
    const [mine, theirs] = [await urlFor(one, other, id), await urlFor(other, one, id)]
    expect((await one.delete('/dj-rest-auth/user/', { password: PASSWORD })).status).toBe(204)
    expect([await status(mine), await status(theirs)]).toEqual([404, 200])
  })

  it('is served to the two, by a URL of their own that says nothing of it, or by token or cookie', async () => {
    const bytes = freshPng()
    const { body } = await send(alice, bob, form({ image: file(bytes) }))
    const [mine, theirs] = [body.image, await urlFor(bob, alice, body.id)]
    expect(mine).not.toBe(theirs)
    expect(await urlFor(alice, bob, body.id), 'stays the same').toBe(mine)
    for (const url of [mine, theirs, `${mine}?t=1`, `${mine}/`, mine.replace('/media', '/api/media')]) {
      expect(url).not.toContain((await sha256(bytes)).slice(0, 8))
      const served = await download(url, {
        accept: 'image/*',
        'sec-fetch-mode': 'no-cors',
        'sec-fetch-site': 'cross-site',
      })
      expect([served.status, served.bytes], url).toEqual([200, bytes])
      const [, seconds] =
        /^private, max-age=(\d+), immutable$/.exec(served.headers.get('cache-control') ?? '') ?? []
      expect(Number(seconds)).toBeGreaterThan((6 * HOUR_MS) / 1000 - 60)
      expect(Number(seconds)).toBeLessThanOrEqual((12 * HOUR_MS) / 1000)
    }
    for (const headers of [alice.headers, bob.headers, { cookie: `my-app-auth=${bob.access}` }]) {
      const served = await download(`/media/messages/${body.id}/`, { accept: 'image/*', ...headers })
      expect([served.status, served.bytes]).toEqual([200, bytes])
      expect(served.headers.get('cache-control')).toBe('private, no-cache')
      const etag = served.headers.get('etag') ?? ''
      expect(await status(`/media/messages/${body.id}/`, { ...headers, 'if-none-match': etag })).toBe(304)
    }
    expect((await download(mine, { range: 'bytes=0-3' })).bytes).toEqual(bytes.slice(0, 4))
  })

  it('changes its URL when it changes, and goes with it', async () => {
    const { id, image } = await show(alice, bob)
    const edited = await alice.patch(`/messages/${id}/update/`, form({ image: fresh() }))
    expect(edited.body.image).not.toBe(image)
    expect([await status(image), await status(edited.body.image)]).toEqual([404, 200])
    await alice.delete(`/messages/${id}/delete/`)
    expect(await status(edited.body.image)).toBe(404)
  })

  it('is signed with the newest secret, and served for the one before too', async () => {
    const { image } = await show(alice, bob)
    const { id } = await show(alice, bob)
    const rotated = { ...env, JWT_SECRET: 'n'.repeat(32), JWT_SECRET_PREVIOUS: env.JWT_SECRET }
    const { default: worker } = await import('../../src/index')
    const ask = (bindings: typeof env) =>
      worker.fetch(new Request(image), bindings, { waitUntil: () => {} } as unknown as ExecutionContext)
    expect((await ask(rotated)).status).toBe(200)
    expect((await ask({ ...env, JWT_SECRET: 'n'.repeat(32) })).status).toBe(404)
    expect(id).toBeGreaterThan(0)
  })

  it('reaches those who listen as a URL of their own, also later', async () => {
    const [one, other] = await signUpPair()
    const sockets = [await listen(one, other), await listen(other, one)]
    const { id } = await show(one, other)
    const urls = [await urlFor(one, other, id), await urlFor(other, one, id)]
    sockets.push(await listen(one, other, { since: 0 }), await listen(other, one, { since: 0 }))
    for (const [i, socket] of sockets.entries()) {
      const { message } = await socket.until('message')
      expect(message.image).toBe(urls[i % 2])
      expect(await status(message.image ?? '')).toBe(200)
      socket.close()
    }
  })
})

describe('the hash of an image', () => {
  it('that only messages show opens nothing, and does not tell whether it was sent', async () => {
    const { hash } = await show(alice, bob)
    const absent = `/media/${'0'.repeat(64)}`
    for (const headers of [{}, alice.headers, { range: 'bytes=0-1' }, { range: 'bytes=999999-' }])
      await expectAbsent(`/media/${hash}`, absent, headers)
    expect((await call('HEAD', `/media/${hash}`)).status).toBe(404)
    const { etag } = (await env.MEDIA.head(hash)) ?? {}
    expect(await status(`/media/${hash}`, { 'if-none-match': `"${etag}"` })).toBe(404)
    expect(await status(`/media/${hash}`, { 'if-none-match': '*' })).toBe(404)
  })

  it('opens what a post or a profile shows too, for as long as one does; it is stored once', async () => {
    const bytes = freshPng()
    const hash = await sha256(bytes)
    const { body } = await send(alice, bob, form({ image: file(bytes) }))
    expect(await status(`/media/${hash}`)).toBe(404)
    const post = await createPost(carol, { image: file(bytes) })
    expect(await status(post.image)).toBe(200)
    await carol.patch(`/profiles/${carol.id}/`, form({ image: file(bytes) }))
    expect((await objectKeys()).filter((key) => key.startsWith(hash))).toEqual([hash])
    await carol.delete(`/posts/${post.id}/`)
    expect(await status(post.image)).toBe(200)
    await carol.patch(`/profiles/${carol.id}/`, form({ image: fresh() }))
    expect(await status(post.image)).toBe(404)
    expect((await download(body.image)).bytes).toEqual(bytes)
    expect(await stored('select refs, public_refs from images where hash = ?', hash)).toEqual([
      { refs: 1, public_refs: 0 },
    ])
  })

  it('costs D1 nothing once it was found to be public', async () => {
    const { image } = await createPost(alice, { image: fresh() })
    expect((await anyone.get(image)).cost).toMatchObject({ calls: 1, read: 1 })
    expect((await client().get(image)).cost).toMatchObject({ calls: 0 })
  })
})
