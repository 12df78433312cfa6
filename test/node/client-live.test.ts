/** The channel of a person by the typed client, against the real Worker: its stores end as the API has it, however often it is cut off. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import * as module from '../../client/channel/index'
import { createClient, type Live } from '../../client/index'
import { collect, PASSWORD, signUp, texts, until } from './people'
import { type Server, startServer } from './server'

let server: Server

beforeAll(async () => {
  server = await startServer()
}, 90_000)
afterAll(() => server?.stop())

/** A device of somebody: its sockets can be cut, and refused. */
async function device(username: string) {
  const open = new Set<WebSocket>()
  const opened: string[] = []
  let isOffline = false
  class Watched extends WebSocket {
    constructor(url: string, protocols?: string[]) {
      super(isOffline ? 'ws://localhost:9/' : url, protocols)
      opened.push(new URL(url).pathname)
      open.add(this)
      this.addEventListener('close', () => open.delete(this))
    }
  }
  const client = createClient({ baseUrl: server.url, live: async () => module })
  const user = await client.login(username, PASSWORD)
  const WebSocketOfIts = Watched as typeof WebSocket
  return {
    ...client,
    user,
    opened,
    live: () => client.live({ WebSocket: WebSocketOfIts }),
    conversation: (id: number, since?: number) =>
      client.conversation(id, { WebSocket: WebSocketOfIts, since }),
    cut: () => {
      for (const socket of open) socket.close()
    },
    offline: (value: boolean) => {
      isOffline = value
    },
  }
}

async function pair(name: string) {
  const [one, two] = [`${name}-one`, `${name}-two`]
  await signUp(server.url, one)
  await signUp(server.url, two)
  return [await device(one), await device(two)] as const
}

const isOnline = (live: Live) => until(() => live.status.getSnapshot() === 'online')
const badge = (live: Live, user: number) =>
  live.conversations.getSnapshot().find(({ id }) => id === user)?.unread_count

/** What the API says, as the stores have it. */
async function truth(of: Awaited<ReturnType<typeof device>>) {
  const { access_token } = await (
    await fetch(`${server.url}/dj-rest-auth/login/`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ username: of.user.username, password: PASSWORD }),
    })
  ).json()
  const get = async (path: string) =>
    (await fetch(server.url + path, { headers: { authorization: `Bearer ${access_token}` } })).json()
  return {
    unread: await get('/notifications/unread/'),
    conversations: await get('/messages/'),
    notifications: (await get('/notifications/')).results,
  }
}

const shown = (live: Live) => ({
  unread: live.unread.getSnapshot(),
  conversations: live.conversations.getSnapshot(),
  notifications: live.notifications.getSnapshot(),
})

describe('the channel', () => {
  it('tells of messages, badges and what is read elsewhere, and its stores keep what has not changed', async () => {
    const [ann, ben] = await pair('badges')
    const live = await ann.live()
    expect(await ann.live()).toBe(live)
    const totals: number[] = []
    live.unread.subscribe(({ messages }) => totals.push(messages))
    expect(totals).toEqual([0])
    await isOnline(live)
    await ben.messages.send(ann.user.pk, { content: 'one' })
    await until(() => badge(live, ben.user.pk) === 1)
    await ben.messages.send(ann.user.pk, { content: 'two' })
    await until(() => badge(live, ben.user.pk) === 2)
    expect(live.conversations.getSnapshot()[0]).toMatchObject({ last_message: 'two', username: 'badges-two' })
    expect(live.unread.getSnapshot().messages).toBe(2)
    const before = live.conversations.getSnapshot()
    expect(live.conversations.getSnapshot()).toBe(before)
    await ann.messages.read(ben.user.pk, before[0]?.seq ?? 0)
    await until(() => badge(live, ben.user.pk) === 0)
    expect(totals).toEqual([0, 1, 2, 0])
    expect(shown(live)).toEqual(await truth(ann))
    live.close()
    expect(live.status.getSnapshot()).toBe('closed')
  })

  it('tells of notifications, and that they were seen', async () => {
    const [ann, ben] = await pair('news')
    const post = await ann.posts.create({ title: 'Ours' })
    const live = await ann.live()
    await isOnline(live)
    await ben.comments.create({ post: post.id, content: 'Well' })
    await until(() => live.notifications.getSnapshot().length === 1)
    await until(() => live.unread.getSnapshot().notifications === 1)
    expect(live.notifications.getSnapshot()[0]).toMatchObject({ kind: 'comment', is_seen: false })
    await live.seen()
    await until(() => live.unread.getSnapshot().notifications === 0)
    await until(() => live.notifications.getSnapshot()[0]?.is_seen === true)
    expect(shown(live)).toEqual(await truth(ann))
    live.close()
  })

  it('carries conversations, which send what was written offline once and in order over it', async () => {
    const [ann, ben] = await pair('rides')
    await ben.messages.send(ann.user.pk, { content: 'hello' })
    const live = await ann.live()
    await isOnline(live)
    const chat = ann.conversation(ben.user.pk)
    const seen = collect(chat)
    expect((await chat.send('first')).content).toBe('first')
    expect(ann.opened).toEqual(['/live/'])
    ann.offline(true)
    ann.cut()
    await until(() => live.status.getSnapshot() === 'offline')
    const all = Promise.all(['a', 'b', 'c'].map((text) => chat.send(text)))
    await ben.messages.send(ann.user.pk, { content: 'meanwhile' })
    ann.offline(false)
    await all
    await until(() => texts(seen).length === 5)
    const thread = (await ben.messages.around(ann.user.pk)).map(({ content }) => content)
    expect(thread).toEqual(['hello', 'first', 'meanwhile', 'a', 'b', 'c'])
    expect(texts(seen)).toEqual(thread.slice(1))
    expect(new Set(ann.opened)).toEqual(new Set(['/live/']))
    chat.close()
    live.close()
  })

  it('gives conversations that begin behind what they have all since then, and those without a channel their own socket', async () => {
    const [ann, ben] = await pair('since')
    for (const content of ['1', '2', '3', '4']) await ben.messages.send(ann.user.pk, { content })
    const live = await ann.live()
    await isOnline(live)
    const [first] = await ann.messages.around(ben.user.pk)
    const chat = ann.conversation(ben.user.pk, first?.seq)
    const seen = collect(chat)
    await until(() => texts(seen).length === 3)
    expect(texts(seen)).toEqual(['2', '3', '4'])
    expect(ann.opened).toEqual(['/live/'])
    live.close()
    await until(() => seen.filter(({ type }) => type === 'online').length === 2)
    await ben.messages.send(ann.user.pk, { content: '5' })
    await until(() => texts(seen).length === 4)
    expect(ann.opened[1]).toBe(`/messages/${ben.user.pk}/live/`)
    chat.close()
  })

  it('refuses conversations with nobody as their own sockets do', async () => {
    const [ann] = await pair('nobody')
    const live = await ann.live()
    await isOnline(live)
    await expect(ann.conversation(999_999).send('Is anybody there?')).rejects.toMatchObject({ status: 404 })
    live.close()
  })

  it('ends with the session, and the whole client learns it', async () => {
    const [ann] = await pair('ends')
    const changes: string[] = []
    ann.onAuthChange(({ type }) => changes.push(type))
    const live = await ann.live()
    await isOnline(live)
    const elsewhere = await device('ends-one')
    await elsewhere.changePassword({ new_password1: `${PASSWORD}2`, new_password2: `${PASSWORD}2` })
    await until(() => live.status.getSnapshot() === 'signed-out')
    await until(() => changes.includes('signed-out'))
  })

  it('loses nothing, whatever happens and however often it is cut off', async () => {
    const names = ['model-a', 'model-b', 'model-c']
    for (const name of names) await signUp(server.url, name)
    const people = await Promise.all(names.map(device))
    const lives = await Promise.all(people.map((person) => person.live()))
    await Promise.all(lives.map(isOnline))
    let state = 20_261_201
    const random = (below: number) => {
      state = (state * 1_103_515_245 + 12_345) % 2 ** 31
      return Math.floor((state / 2 ** 31) * below)
    }
    const [a, b] = people as [(typeof people)[0], (typeof people)[0]]
    await b.messages.send(a.user.pk, { content: 'begin' })
    await until(() => badge(lives[0] as Live, b.user.pk) === 1)
    const chat = a.conversation(b.user.pk)
    const seen = collect(chat)
    await until(() => seen.some(({ type }) => type === 'online'))
    const sent: Promise<unknown>[] = []
    for (let i = 0; i < 150; i++) {
      const from = people[random(3)] as typeof a
      const to = people.filter((person) => person !== from)[random(2)] as typeof a
      const what = random(10)
      if (what < 5) {
        if (from === a && to === b) sent.push(chat.send(`m${i}`))
        else await from.messages.send(to.user.pk, { content: `m${i}` })
      } else if (what < 7) {
        const message = (await from.messages.around(to.user.pk)).at(-1)
        if (message && !message.is_sender) await from.messages.read(to.user.pk, message.seq)
      } else from.cut()
    }
    await Promise.all(sent)
    for (const [i, live] of lives.entries()) {
      const expected = await truth(people[i] as typeof a)
      await expect.poll(() => shown(live), { timeout: 10_000 }).toEqual(expected)
    }
    const thread = (await a.messages.around(b.user.pk, { size: 100 })).map(({ content }) => content)
    await until(() => texts(seen).length >= thread.length - 1)
    expect(texts(seen)).toEqual(thread.slice(1))
    for (const live of lives) live.close()
    chat.close()
  })
})
