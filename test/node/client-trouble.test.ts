/** The client where something goes wrong: answers that are lost, tabs that disagree, conversations that cannot be. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createClient, type SendInit } from '../../client/index'
import { collect, PASSWORD, pause, signUp, texts, until } from './people'
import { type Server, startServer } from './server'

let server: Server

beforeAll(async () => {
  server = await startServer()
}, 90_000)
afterAll(() => server?.stop())

/** A client whose first answer to such a request is lost. */
function losing(isMeant: (init: SendInit) => boolean) {
  let lost = 0
  return createClient({
    baseUrl: server.url,
    async fetch(url, init) {
      const answer = await fetch(url, init)
      if (isMeant(init) && lost++ === 0) throw new TypeError('lost')
      return answer
    },
  })
}

describe('an answer that was lost', () => {
  it('of a deletion: it is done', async () => {
    await signUp(server.url, 'alice')
    const client = losing(({ method }) => method === 'DELETE')
    await client.login('alice', PASSWORD)
    const { id } = await client.posts.create({ title: 'Soon gone' })
    expect(await client.posts.delete(id)).toBeNull()
    await expect(client.posts.delete(id)).rejects.toMatchObject({ status: 404 })
  })

  it('of what cannot be done twice: nobody knows, instead of a name that is taken', async () => {
    const client = losing(({ method }) => method === 'POST')
    const unknown = { status: 0, detail: 'The API cannot be reached.' }
    const account = { username: 'bob', password1: PASSWORD, password2: PASSWORD }
    await expect(client.register(account)).rejects.toMatchObject(unknown)
    expect((await client.login('bob', PASSWORD)).username).toBe('bob')
  })

  it('is one that cannot be read, too; an error without words tells its status', async () => {
    const answering = (status: number) =>
      createClient({ baseUrl: server.url, fetch: async () => new Response('<html>', { status }) })
    await expect(answering(200).posts.get(1)).rejects.toMatchObject({ name: 'ApiError', status: 0 })
    await expect(answering(502).posts.get(1)).rejects.toMatchObject({ status: 502, message: 'HTTP 502' })
  })
})

it('who signs out in one tab is not signed in again by what another has under way', async () => {
  const kept = new Map<string, string>()
  const storage = {
    getItem: (name: string) => kept.get(name) ?? null,
    setItem: (name: string, value: string) => void kept.set(name, value),
    removeItem: (name: string) => void kept.delete(name),
  }
  const other = createClient({ baseUrl: server.url, storage })
  await other.register({ username: 'carol', password1: PASSWORD, password2: PASSWORD })
  const [[name = '', tokens = '']] = [...kept] as [[string, string]]
  kept.set(name, JSON.stringify({ ...JSON.parse(tokens), access: 'one.that.ran-out' }))
  const tab = createClient({
    baseUrl: server.url,
    storage,
    async fetch(url, init) {
      const answer = await fetch(url, init)
      if (url.includes('/token/refresh/')) await other.logout()
      return answer
    },
  })
  await expect(tab.me()).rejects.toMatchObject({ status: 401 })
  expect(kept.size).toBe(0)
})

describe('a conversation', () => {
  it('tells no more than the API listens to', async () => {
    const dave = await signUp(server.url, 'dave')
    const erin = await signUp(server.url, 'erin')
    for (let i = 0; i < 30; i++) await erin.messages.send(dave.user.pk, { content: `${i}` })
    const chat = dave.conversation(erin.user.pk, { since: 0 })
    const seen = collect(chat)
    void (async () => {
      for await (const event of chat) if (event.type === 'message') chat.read(event.message.seq)
    })()
    await until(() => texts(seen).length === 30)
    for (let i = 0; i < 30; i++) chat.typing()
    await until(() => seen.some(({ type }) => type === 'read'))
    expect((await dave.messages.conversations())[0]?.unread_count).toBe(0)
    expect(seen.map(({ type }) => type)).not.toContain('offline')
    chat.close()
  })

  it('sends sixty that were written offline without being cut off for it', async () => {
    const nina = await signUp(server.url, 'nina')
    const oscar = await signUp(server.url, 'oscar')
    let isOffline = true
    class Flaky extends WebSocket {
      constructor(url: string, protocols?: string[]) {
        super(isOffline ? 'ws://localhost:9/' : url, protocols)
      }
    }
    nina.offline(true)
    const chat = nina.conversation(oscar.user.pk, { WebSocket: Flaky })
    const seen = collect(chat)
    const all = Promise.all(Array.from({ length: 60 }, (_, i) => chat.send(`${i}`)))
    isOffline = false
    nina.offline(false)
    expect((await all).map(({ content }) => content)).toEqual(Array.from({ length: 60 }, (_, i) => `${i}`))
    expect(seen.map(({ type }) => type)).not.toContain('offline')
    chat.close()
  })

  it('refuses what no attempt could send, and goes on', async () => {
    const frank = await signUp(server.url, 'frank')
    const grace = await signUp(server.url, 'grace')
    const chat = frank.conversation(grace.user.pk)
    const tooLong = chat.send('x'.repeat(70_000)).catch((error) => error)
    const badKey = chat.send('x', { key: 'ключ' }).catch((error) => error)
    expect(await chat.send('Hello')).toMatchObject({ content: 'Hello' })
    expect((await tooLong).fields.content).toEqual(['Ensure this field has no more than 10000 characters.'])
    expect(await badKey).toMatchObject({ name: 'ApiError', status: 0 })
    expect((await chat.send('😀'.repeat(10_000))).content).toHaveLength(20_000)
    chat.close()
    await expect(chat.send('Too late')).rejects.toMatchObject({ detail: 'The conversation was closed.' })
  })

  it('with nobody ends and says why', async () => {
    const heidi = await signUp(server.url, 'heidi')
    const chat = heidi.conversation(999_999)
    const seen = collect(chat)
    await expect(chat.send('Anybody?')).rejects.toMatchObject({ status: 404 })
    await until(() => seen.length > 0)
    expect(seen).toEqual([{ type: 'refused', error: expect.objectContaining({ status: 404 }) }])
  })

  it('that is ahead of the API begins where that is, also when it is cut off before anything happens', async () => {
    const ivan = await signUp(server.url, 'ivan')
    const judy = await signUp(server.url, 'judy')
    await judy.messages.send(ivan.user.pk, { content: 'one' })
    const chat = ivan.conversation(judy.user.pk, { since: 999 })
    const seen = collect(chat)
    await until(() => seen.some(({ type }) => type === 'resync'))
    expect(chat.seq).toBe(1)
    chat.close()
  })

  it('that is too far behind is told so once, and goes on from there', async () => {
    const mia = await signUp(server.url, 'mia')
    let opened = 0
    class Far extends EventTarget {
      readyState = 1
      constructor() {
        super()
        opened += 1
        const message = { type: 'message', seq: 2_001, prev: 2_000, message: { id: 1, content: 'new' } }
        setTimeout(() => {
          this.dispatchEvent(new Event('open'))
          for (const frame of [{ type: 'ready', seq: 2_000 }, { type: 'resync' }, message])
            this.dispatchEvent(new MessageEvent('message', { data: JSON.stringify(frame) }))
        })
      }
      send() {}
      close() {
        this.readyState = 3
      }
    }
    const chat = mia.conversation(1, { WebSocket: Far as never, since: 5 })
    const seen = collect(chat)
    await until(() => seen.some(({ type }) => type === 'message'))
    expect([chat.seq, opened]).toEqual([2_001, 1])
    chat.close()
  })

  it('comes back ever more slowly where it is cut off at once', async () => {
    const kim = await signUp(server.url, 'kim')
    let opened = 0
    class Ailing extends EventTarget {
      constructor() {
        super()
        opened += 1
        queueMicrotask(() => {
          this.dispatchEvent(new Event('open'))
          this.dispatchEvent(new MessageEvent('message', { data: '{"type":"ready","seq":0}' }))
          this.dispatchEvent(Object.assign(new Event('close'), { code: 1013 }))
        })
      }
      send() {}
      close() {}
    }
    const chat = kim.conversation(1, { WebSocket: Ailing as unknown as typeof WebSocket })
    await pause(3_000)
    chat.close()
    expect(opened).toBeGreaterThan(1)
    expect(opened).toBeLessThan(8)
  })

  it('can be left while nothing happens', async () => {
    const leo = await signUp(server.url, 'leo')
    const chat = leo.conversation(1)
    const events = chat[Symbol.asyncIterator]()
    const seen: unknown[] = []
    const reading = (async () => {
      for (;;) {
        const { value, done } = await events.next()
        if (done) return
        seen.push(value)
      }
    })()
    await until(() => seen.length === 2)
    await events.return?.()
    await reading
    chat.close()
  })
})
