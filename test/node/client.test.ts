/** The client against the real Worker, over real HTTP and WebSocket. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ApiError, createClient } from '../../client/index'
import { png } from '../fixtures/images'
import { collect, PASSWORD, pause, signUp, texts, until } from './people'
import { type Server, startServer } from './server'

let server: Server

beforeAll(async () => {
  server = await startServer({ ACCESS_TOKEN_SECONDS: '3' })
}, 90_000)
afterAll(() => server.stop())

describe('calls', () => {
  it('tell what was refused as one class, with fields', async () => {
    const client = createClient({ baseUrl: server.url })
    const refusal = await client
      .register({ username: 'x y', password1: 'short', password2: 'short' })
      .catch((e) => e)
    expect(refusal).toBeInstanceOf(ApiError)
    expect(refusal.status).toBe(400)
    expect(refusal.fields.username).toEqual([expect.stringContaining('Enter a valid username.')])
    expect(refusal.fields.password1).toHaveLength(1)
    const anonymous = await client.posts.create({ title: 'No' }).catch((e) => e)
    expect(anonymous).toMatchObject({ status: 401, detail: 'Authentication credentials were not provided.' })
  })

  it('create, upload, iterate, change and delete', async () => {
    const alice = await signUp(server.url, 'alice')
    const image = new File([png(3, 2)], 'a.png', { type: 'image/png' })
    const first = await alice.posts.create({ title: 'With an image', image })
    expect((await fetch(first.image)).headers.get('content-type')).toBe('image/png')
    for (let i = 0; i < 30; i++) await alice.posts.create({ title: `Post ${i}` })
    const titles: string[] = []
    for await (const post of alice.posts.list({ owner: alice.user.profile_id, page_size: 7 }))
      titles.push(post.title)
    expect(titles).toEqual([...Array.from({ length: 30 }, (_, i) => `Post ${29 - i}`), 'With an image'])
    const first20 = await alice.posts.list().page()
    expect(first20).toMatchObject({ count: 31, next: expect.any(String) })
    const rest = await alice.posts.list().page(first20.next)
    expect(rest).toMatchObject({ count: 31, next: null })
    expect([...first20.items, ...rest.items].map(({ title }) => title)).toEqual(titles)
    expect(await alice.posts.update(first.id, { title: 'New' })).toMatchObject({
      title: 'New',
      image: first.image,
    })
    expect(await alice.posts.delete(first.id)).toBeNull()
    await expect(alice.posts.get(first.id)).rejects.toMatchObject({ status: 404 })
  })

  it('send again what had no answer, without doing it twice', async () => {
    const bob = await signUp(server.url, 'bob')
    let lost = 0
    const flaky = createClient({
      baseUrl: server.url,
      async fetch(url, init) {
        const answer = await fetch(url, init)
        if (init.method === 'POST' && url.includes('/posts') && lost++ === 0) throw new TypeError('lost')
        return answer
      },
    })
    await flaky.login('bob', PASSWORD)
    await flaky.posts.create({ title: 'Only once' })
    expect(lost).toBe(2)
    expect((await bob.posts.list({ owner: bob.user.profile_id }).page()).count).toBe(1)
  })

  it('renew a token that ran out, once for all calls', async () => {
    const carol = await signUp(server.url, 'carol')
    // Three seconds, and up to one more, as tokens end at whole seconds.
    await pause(4_500)
    const all = await Promise.all(Array.from({ length: 10 }, () => carol.me()))
    expect(all.map(({ username }) => username)).toEqual(Array(10).fill('carol'))
    expect(carol.requests.filter((request) => request.includes('token/refresh'))).toHaveLength(1)
    await carol.logout()
    await expect(carol.me()).rejects.toMatchObject({ status: 401 })
  })
})

describe('a conversation', () => {
  it('is live both ways, outlives its tokens, and loses, doubles and reorders nothing', async () => {
    const dave = await signUp(server.url, 'dave')
    const erin = await signUp(server.url, 'erin')
    const atDave = dave.conversation(erin.user.pk)
    const atErin = erin.conversation(dave.user.pk)
    const seenByDave = collect(atDave)
    const seenByErin = collect(atErin)
    const sent: string[] = []
    // Tokens live three seconds: both are cut off and come back several times meanwhile.
    for (let i = 0; i < 60; i++) {
      const [from, text] = i % 3 === 0 ? [atErin, `erin ${i}`] : [atDave, `dave ${i}`]
      await from.send(text)
      sent.push(text)
      await pause(120)
    }
    await until(() => texts(seenByErin).length >= 60 && texts(seenByDave).length >= 60)
    expect(texts(seenByErin)).toEqual(sent)
    expect(texts(seenByDave)).toEqual(sent)
    expect(seenByErin.filter(({ type }) => type === 'offline').length).toBeGreaterThan(0)
    atErin.typing()
    await until(() => seenByDave.some(({ type }) => type === 'typing'))
    atErin.read(atErin.seq ?? 0)
    await until(() => seenByDave.some((event) => event.type === 'read' && event.user === erin.user.pk))
    atDave.close()
    atErin.close()
  }, 60_000)

  it('sends what was written offline, in order, images among it', async () => {
    const frank = await signUp(server.url, 'frank')
    const grace = await signUp(server.url, 'grace')
    const atGrace = grace.conversation(frank.user.pk)
    const seen = collect(atGrace)
    await until(() => seen.some(({ type }) => type === 'online'))
    let isOffline = true
    class Flaky extends WebSocket {
      constructor(url: string, protocols?: string[]) {
        super(isOffline ? 'ws://localhost:9/' : url, protocols)
      }
    }
    frank.offline(true)
    const atFrank = frank.conversation(grace.user.pk, { WebSocket: Flaky as typeof WebSocket })
    const image = new Blob([png(2, 2)], { type: 'image/png' })
    const all = Promise.all([atFrank.send('one'), atFrank.send('two', { image }), atFrank.send('three')])
    await pause(500)
    expect(texts(seen)).toEqual([])
    isOffline = false
    frank.offline(false)
    expect((await all).map(({ content }) => content)).toEqual(['one', 'two', 'three'])
    await until(() => texts(seen).length === 3)
    expect(texts(seen)).toEqual(['one', 'two', 'three'])
    await expect(atFrank.send('   ')).rejects.toMatchObject({
      fields: { non_field_errors: expect.any(Array) },
    })
    atFrank.close()
    atGrace.close()
  }, 60_000)
})
