/** `/live/`: who may listen, what they are told, and what they say. */
import { evictDurableObject, runDurableObjectAlarm } from 'cloudflare:test'
import { describe, expect, it } from 'vitest'
import { anyone, type Person, signUp, stored } from '../client'
import { createComment, createPost, follow, like, signUpPair } from '../fixtures/factories'
import { say } from '../fixtures/messages'
import { expectChain, listen, refusal } from '../sockets'
import { changesWith, channelOf, openChannel } from './channel'

const nobody = { id: 999_999 }

/** Time goes on: likes of so long ago are told. */
const aMinuteLater = () => stored("update notifications set seq = seq - 60001 where kind = 'like'")

describe('who may open a channel', () => {
  it.each<[string, string, Record<string, string>, number]>([
    ['nobody', '/live/', {}, 401],
    ['a token that is none', '/live/', { authorization: 'Bearer x' }, 401],
  ])('%s: refused', async (_, path, headers, status) => {
    expect((await refusal(path, headers)).status).toBe(status)
  })

  it('whose session has ended: 401', async () => {
    const [alice] = await signUpPair()
    await alice.post('/dj-rest-auth/logout/', { refresh: alice.refresh })
    expect((await refusal('/live/', alice.headers)).status).toBe(401)
  })

  it('a page of a foreign origin that has a cookie: 403', async () => {
    const [alice] = await signUpPair()
    const headers = { cookie: `my-app-auth=${alice.access}`, origin: 'https://evil.example' }
    expect((await refusal('/live/', headers)).status).toBe(403)
    const own = { ...headers, origin: 'http://localhost:3000' }
    await openChannel(alice, { headers: own })
  })

  it('without an upgrade 426, with a `since` that is no number 400', async () => {
    const [alice] = await signUpPair()
    expect((await alice.get('/live/')).status).toBe(426)
    expect((await refusal('/live/?since=x', alice.headers)).body).toEqual({
      since: ['A valid integer is required.'],
    })
  })

  it('at most 20 at a time', async () => {
    const [alice] = await signUpPair()
    const sockets = await Promise.all(Array.from({ length: 20 }, () => openChannel(alice)))
    expect((await refusal('/live/', alice.headers)).status).toBe(429)
    sockets[0]?.close()
    await sockets[0]?.closed
    await openChannel(alice)
  })

  it('a page that has no cookie offers its token as a subprotocol', async () => {
    const [alice] = await signUpPair()
    const headers = { 'sec-websocket-protocol': `bearer, ${alice.access}` }
    await openChannel(alice, { headers })
  })
})

describe('ready', () => {
  it('nothing of anybody else', async () => {
    const [alice, bob] = await signUpPair()
    const carol = await signUp('carol')
    await say(alice, bob, 'hi')
    const socket = await openChannel(carol)
    expect(await socket.until('ready')).toMatchObject({
      seq: 0,
      unread: { notifications: 0, messages: 0, requests: 0 },
      conversations: [],
    })
  })

  it('the newest conversations first, with what is unread there and in all', async () => {
    const [alice, bob] = await signUpPair()
    const [dave, erin] = await signUpPair()
    await say(bob, alice, 'one')
    await say(dave, alice, 'one')
    await say(dave, alice, 'two')
    await say(alice, erin, 'one')
    await follow(erin, alice)
    const socket = await openChannel(alice)
    const { conversations, unread, seq } = await socket.until('ready')
    expect(conversations).toEqual([
      [erin.id, 1, 0],
      [dave.id, 2, 2],
      [bob.id, 1, 1],
    ])
    expect(unread).toEqual({ notifications: 1, messages: 3, requests: 0 })
    expect(seq).toBeGreaterThan(0)
  })

  it('of whom one blocks nothing, of whom one mutes nothing that is unread', async () => {
    const [alice, bob] = await signUpPair()
    const [dave] = await signUpPair()
    await say(bob, alice, 'one')
    await say(dave, alice, 'one')
    await alice.post('/blocks/', { blocked: bob.id })
    await alice.post('/mutes/', { muted: dave.id })
    const socket = await openChannel(alice)
    const { conversations, unread } = await socket.until('ready')
    expect(conversations).toEqual([[dave.id, 1, 0]])
    expect(unread.messages).toBe(0)
  })
})

describe('a conversation', () => {
  it('each change, for both, with what is unread after it', async () => {
    const [alice, bob] = await signUpPair()
    const [mine, theirs] = [await openChannel(alice), await openChannel(bob)]
    const { id } = await say(alice, bob, 'one')
    await say(alice, bob, 'two')
    await alice.patch(`/messages/${id}/update/`, { content: 'one!' })
    await bob.post(`/messages/${alice.id}/read/`, { up_to: 1 })
    await alice.delete(`/messages/${id}/delete/`)
    await bob.delete(`/chats/${alice.id}/delete/`)
    for (const [socket, other] of [
      [mine, bob],
      [theirs, alice],
    ] as const) {
      await socket.until('conversation', 6)
      const changes = changesWith(socket, other)
      expect(changes.map(({ type }) => type)).toEqual([
        'message',
        'message',
        'edited',
        'read',
        'deleted',
        'cleared',
      ])
      expectChain(changes, 0)
      expect(changes[0]).toMatchObject({ message: { id, content: 'one', is_sender: socket === mine } })
    }
    expect(mine.all('conversation').map(({ unread }) => unread)).toEqual([0, 0, 0, 0, 0, 0])
    expect(theirs.all('conversation').map(({ unread }) => unread)).toEqual([1, 2, 2, 1, 1, 0])
  })

  it('of somebody who is muted, but nothing as unread', async () => {
    const [alice, bob] = await signUpPair()
    await alice.post('/mutes/', { muted: bob.id })
    const socket = await openChannel(alice)
    await say(bob, alice, 'one')
    expect(await socket.until('conversation')).toMatchObject({ user: bob.id, unread: 0 })
  })

  it('the same as over its own socket', async () => {
    const [alice, bob] = await signUpPair()
    const [channel, own] = [await openChannel(bob), await listen(bob, alice)]
    await say(alice, bob, 'one')
    expect((await channel.until('conversation')).event).toEqual(await own.until('message'))
  })

  it('in the order in which all was committed, whatever comes at once', async () => {
    const [alice, bob] = await signUpPair()
    const socket = await openChannel(bob)
    await Promise.all(
      Array.from({ length: 60 }, (_, i) => say(i % 2 ? alice : bob, i % 2 ? bob : alice, `${i}`)),
    )
    await socket.until('conversation', 60)
    const changes = changesWith(socket, alice)
    expectChain(changes, 0)
    expect(changes.map(({ seq }) => seq)).toEqual(Array.from({ length: 60 }, (_, i) => i + 1))
  })
})

describe('what a client says', () => {
  const text = (to: { id: number }, more: object = {}) => ({
    type: 'send',
    to: to.id,
    content: 'hi',
    key: 'k',
    ...more,
  })

  it.each<[string, object, object]>([
    ['to nobody', text(nobody), { to: nobody.id, key: 'k', errors: { detail: [/Recipient not found/] } }],
    [
      'nothing',
      text({ id: 1 }, { content: ' ' }),
      { key: 'k', errors: { non_field_errors: [/needs content/] } },
    ],
  ])('a message %s is refused', async (_, frame, error) => {
    const [alice] = await signUpPair()
    const socket = await openChannel(alice)
    socket.send(frame)
    const { errors, ...rest } = await socket.until('error')
    const { errors: expected, ...fields } = error as { errors: Record<string, RegExp[]> }
    expect(rest).toMatchObject(fields)
    for (const [field, [pattern]] of Object.entries(expected))
      expect(errors[field]?.[0]).toMatch(pattern ?? '')
    expect(await stored('select 1 from messages where sender_id = ?', alice.id)).toEqual([])
  })

  it('a message to oneself is refused, and one to somebody who blocks', async () => {
    const [alice, bob] = await signUpPair()
    await bob.post('/blocks/', { blocked: alice.id })
    const socket = await openChannel(alice)
    socket.send(text(alice))
    expect((await socket.until('error')).errors).toEqual({ detail: ['Cannot send a message to yourself'] })
    socket.send(text(bob))
    socket.send(text(nobody))
    await socket.until('error', 3)
    const [, blocked, none] = socket.all('error').map(({ errors }) => errors)
    expect(blocked).toEqual(none)
  })

  it.each<[string, unknown, number]>([
    ['no JSON', 'hello', 1008],
    ['no frame', { type: 'dance', to: 1 }, 1008],
    ['nobody to say it to', { type: 'typing' }, 1008],
    ['somebody whom no number names', { type: 'typing', to: 2 ** 60 }, 1008],
    ['too much', { type: 'send', to: 1, content: 'x'.repeat(70_000), key: 'k' }, 1009],
  ])('%s ends the socket', async (_, frame, code) => {
    const [alice] = await signUpPair()
    const socket = await openChannel(alice)
    socket.send(frame)
    expect((await socket.closed).code).toBe(code)
  })

  it('a message is stored once for its key, whichever way it comes', async () => {
    const [alice, bob] = await signUpPair()
    const [mine, theirs] = [await openChannel(alice), await openChannel(bob)]
    mine.send(text(bob))
    const { message, ...sent } = await mine.until('sent')
    expect(sent).toEqual({ type: 'sent', to: bob.id, key: 'k' })
    mine.send(text(bob))
    expect((await mine.until('sent', 2)).message.id).toBe(message.id)
    const again = await alice.post(`/messages/${bob.id}/send/`, { content: 'hi' }, { 'idempotency-key': 'k' })
    expect(again.body.id).toBe(message.id)
    const own = await listen(alice, bob)
    own.send({ type: 'send', content: 'hi', key: 'k' })
    expect((await own.until('sent')).message.id).toBe(message.id)
    expect(changesWith(theirs, alice)).toMatchObject([{ type: 'message', message: { id: message.id } }])
    mine.send(text(bob, { content: 'another' }))
    expect((await mine.until('error')).errors.detail?.[0]).toMatch(/different request/)
  })

  it('messages in the order in which they were sent', async () => {
    const [alice, bob] = await signUpPair()
    const socket = await openChannel(alice)
    for (let i = 0; i < 15; i++) socket.send(text(bob, { content: `${i}`, key: `${i}` }))
    await socket.until('sent', 15)
    const rows = await stored('select content from messages where sender_id = ? order by seq', alice.id)
    expect(rows.map(({ content }) => content)).toEqual(Array.from({ length: 15 }, (_, i) => `${i}`))
  })

  it('that they have read it', async () => {
    const [alice, bob] = await signUpPair()
    await say(alice, bob, 'one')
    const [mine, theirs] = [await openChannel(alice), await openChannel(bob)]
    theirs.send({ type: 'read', to: alice.id, up_to: 1 })
    expect((await mine.until('conversation')).event).toMatchObject({ type: 'read', user: bob.id, up_to: 1 })
    expect(await theirs.until('conversation')).toMatchObject({ unread: 0 })
  })

  it('that they type: to whom they have a conversation with, on all their sockets', async () => {
    const [alice, bob] = await signUpPair()
    const [mine, theirs] = [await openChannel(alice), await openChannel(bob)]
    mine.send({ type: 'typing', to: bob.id })
    mine.send({ type: 'replay', to: bob.id, since: 0 })
    await mine.until('replayed')
    await say(alice, bob, 'one')
    const own = await listen(bob, alice)
    await own.until('ready')
    await new Promise((done) => setTimeout(done, 1_100))
    expect(theirs.all('typing')).toEqual([])
    mine.send({ type: 'typing', to: bob.id })
    mine.send({ type: 'typing', to: bob.id })
    expect(await theirs.until('typing')).toEqual({ type: 'typing', user: alice.id })
    expect(await own.until('typing')).toEqual({ type: 'typing', user: alice.id })
    own.send({ type: 'typing' })
    expect(await mine.until('typing')).toEqual({ type: 'typing', user: bob.id })
  })

  it('nothing that somebody who is blocked types', async () => {
    const [alice, bob] = await signUpPair()
    await say(alice, bob, 'one')
    const [mine, theirs] = [await openChannel(alice), await openChannel(bob)]
    mine.send({ type: 'typing', to: bob.id })
    await theirs.until('typing')
    await bob.post('/blocks/', { blocked: alice.id })
    // Both are told that the other is not there any more.
    for (const socket of [mine, theirs]) expect((await socket.until('ready', 2)).conversations).toEqual([])
    await new Promise((done) => setTimeout(done, 1_100))
    mine.send({ type: 'typing', to: bob.id })
    mine.send({ type: 'replay', to: bob.id, since: 1 })
    expect(await mine.until('resync')).toEqual({ type: 'resync', user: bob.id, seq: 0, unread: 0 })
    expect(theirs.all('typing')).toHaveLength(1)
  })
})

describe('replay', () => {
  it('what one has missed, in order, and that this is all', async () => {
    const [alice, bob] = await signUpPair()
    for (const content of ['one', 'two', 'three']) await say(alice, bob, content)
    const socket = await openChannel(bob)
    socket.send({ type: 'replay', to: alice.id, since: 1 })
    expect(await socket.until('replayed')).toEqual({ type: 'replayed', user: alice.id, seq: 3, unread: 3 })
    const changes = changesWith(socket, alice)
    expect(changes.map(({ seq }) => seq)).toEqual([2, 3])
    expectChain(changes, 1)
    socket.send({ type: 'replay', to: alice.id, since: 3 })
    await socket.until('replayed', 2)
    expect(changesWith(socket, alice)).toHaveLength(2)
  })

  it('of what is not of this conversation: read the pages; of somebody who blocks the same as of nobody', async () => {
    const [alice, bob] = await signUpPair()
    await say(alice, bob, 'one')
    const socket = await openChannel(bob)
    socket.send({ type: 'replay', to: alice.id, since: 9 })
    expect(await socket.until('resync')).toMatchObject({ user: alice.id, seq: 1, unread: 1 })
    await alice.post('/blocks/', { blocked: bob.id })
    for (const { id } of [alice, nobody, bob]) socket.send({ type: 'replay', to: id, since: 9 })
    for (const { id } of [alice, nobody, bob]) socket.send({ type: 'replay', to: id, since: 0 })
    await socket.until('replayed', 3)
    const told = ({ type, seq, unread }: { type: string; seq: number; unread: number }) => ({
      type,
      seq,
      unread,
    })
    await socket.until('resync', 4)
    expect(socket.all('resync').slice(1).map(told)).toEqual(
      Array(3).fill({ type: 'resync', seq: 0, unread: 0 }),
    )
    expect(socket.all('replayed').map(told)).toEqual(Array(3).fill({ type: 'replayed', seq: 0, unread: 0 }))
  })

  it('more than 1,000 changes: read the pages', async () => {
    const [alice, bob] = await signUpPair()
    await say(alice, bob, 'one')
    const [row] = await stored<{ id: number }>('select max(id) as id from conversations')
    await stored(
      `with recursive n(i) as (select 2 union all select i + 1 from n where i < 1500)
       insert into changes (conversation_id, seq, kind, user_id) select ?, i, 'cleared', ? from n`,
      row?.id,
      alice.id,
    )
    await stored('update conversations set seq = 1500 where id = ?', row?.id)
    const socket = await openChannel(bob)
    socket.send({ type: 'replay', to: alice.id, since: 499 })
    expect(await socket.until('resync')).toMatchObject({ seq: 1500 })
    expect(changesWith(socket, alice)).toEqual([])
    socket.send({ type: 'replay', to: alice.id, since: 500 })
    await socket.until('replayed')
    expect(changesWith(socket, alice)).toHaveLength(1_000)
  })
})

describe('notifications', () => {
  const kinds = (socket: Awaited<ReturnType<typeof openChannel>>) =>
    socket
      .all('notification')
      .flatMap(({ notifications }) => notifications?.map(({ kind }) => kind) ?? 'many')

  it('what others do, as the list shows it, and how much is unread', async () => {
    const [alice, bob] = await signUpPair()
    const { id: post } = await createPost(alice)
    const socket = await openChannel(alice)
    const { seq } = await socket.until('ready')
    await createComment(bob, post)
    const told = await socket.until('notification')
    expect(told.prev).toBe(seq)
    const list = await alice.get('/notifications/')
    expect(told.notifications).toEqual(list.body.results)
    expect((await socket.until('unread')).unread).toEqual((await alice.get('/notifications/unread/')).body)
    await follow(bob, alice)
    const next = await socket.until('notification', 2)
    expect(next.prev).toBe(told.seq)
    expect(kinds(socket)).toEqual(['comment', 'follow'])
  })

  it('requests, what was accepted, and mentions', async () => {
    const [alice, bob] = await signUpPair()
    const [mine, theirs] = [await openChannel(alice), await openChannel(bob)]
    await alice.patch(`/profiles/${await profileOf(alice)}/`, { is_private: true })
    await bob.post('/followers/', { followed: alice.id })
    await mine.until('notification')
    const [request] = (await alice.get('/follow-requests/')).body.results
    await alice.post(`/follow-requests/${request.id}/accept/`)
    await theirs.until('notification')
    await createPost(alice, { title: 'x', content: `with @${bob.username}` })
    await theirs.until('notification', 2)
    expect([kinds(mine), kinds(theirs)]).toEqual([['request'], ['accepted', 'post_mention']])
  })

  it('a like after a minute, by the look at D1; one that was taken back never', async () => {
    const [alice, bob] = await signUpPair()
    const [carol] = await signUpPair()
    const { id: post } = await createPost(alice)
    const socket = await openChannel(alice)
    const { id } = await like(carol, post)
    await like(bob, post)
    await runDurableObjectAlarm(channelOf(alice))
    expect(kinds(socket)).toEqual([])
    await carol.delete(`/likes/${id}/`)
    await aMinuteLater()
    await runDurableObjectAlarm(channelOf(alice))
    expect((await socket.until('notification')).notifications).toMatchObject([
      { kind: 'like', count: 1, actors: [{ id: bob.id }] },
    ])
    await runDurableObjectAlarm(channelOf(alice))
    expect(kinds(socket)).toEqual(['like'])
  })

  it('none of those who are muted, or of a kind that is only listed', async () => {
    const [alice, bob] = await signUpPair()
    const [carol, dave] = await signUpPair()
    const { id: post } = await createPost(alice)
    await alice.post('/mutes/', { muted: bob.id })
    await alice.patch('/notification-settings/', { comment: 'list' })
    const socket = await openChannel(alice)
    await follow(bob, alice)
    await createComment(carol, post)
    await runDurableObjectAlarm(channelOf(alice))
    await follow(dave, alice)
    await socket.until('notification')
    expect(kinds(socket)).toEqual(['follow'])
    expect((await alice.get('/notifications/unread/')).body.notifications).toBe(2)
  })

  it('what was seen on another device', async () => {
    const [alice, bob] = await signUpPair()
    await follow(bob, alice)
    const socket = await openChannel(alice)
    const [{ id }] = (await alice.get('/notifications/')).body.results
    await alice.post('/notifications/seen/', { up_to: id })
    expect((await socket.until('unread')).unread.notifications).toBe(0)
  })

  it('more than a frame holds: read the list', async () => {
    const [alice, bob] = await signUpPair()
    const posts = await Promise.all(Array.from({ length: 21 }, () => createPost(alice)))
    const socket = await openChannel(alice)
    await stored(
      `insert into notifications (recipient_id, seq, kind, cause_id, actor_id, post_id)
       select ?1, unixepoch() * 1000 + 5000 + value, 'comment', 1000000 + value, ?2, value from json_each(?3)`,
      alice.id,
      bob.id,
      JSON.stringify(posts.map(({ id }) => id)),
    )
    await runDurableObjectAlarm(channelOf(alice))
    expect((await socket.until('notification')).notifications).toBeNull()
  })
})

describe('the feed', () => {
  it('how many posts of those whom one follows are new, and which', async () => {
    const [alice, bob] = await signUpPair()
    const [carol] = await signUpPair()
    await follow(alice, bob)
    const { id: known } = await createPost(bob)
    const socket = await openChannel(alice)
    await createPost(carol)
    const { id } = await createPost(bob)
    await look(alice)
    expect(await socket.until('feed')).toEqual({ type: 'feed', since: known, count: 1, posts: [id] })
    // No more often than every ten seconds.
    await createPost(bob)
    await look(alice)
    const later = await openChannel(alice, { query: `?since=${known}` })
    await look(alice)
    expect((await later.until('feed')).count).toBe(2)
    expect(socket.all('feed')).toHaveLength(1)
  })
})

/** An object that wakes up looks at everything. */
async function look(person: Person): Promise<void> {
  await evictDurableObject(channelOf(person))
  await runDurableObjectAlarm(channelOf(person))
}

const profileOf = async (person: Person): Promise<number> =>
  (await anyone.get(`/profiles/?page_size=100`)).body.results.find(
    ({ owner }: { owner: string }) => owner === person.username,
  )?.id ?? 0
