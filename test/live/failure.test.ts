/** Calls that are lost, objects that are evicted, sessions that end: nobody is left behind, and who is not there costs nothing. */
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { describe, expect, it } from 'vitest'
import { anyone, client, PASSWORD, type Person, stored } from '../client'
import { ask } from '../failures/ask'
import { faultyStores } from '../failures/faults'
import { breakDb, once } from '../faulty-db'
import { createComment, createPost, like, signUpPair } from '../fixtures/factories'
import { say } from '../fixtures/messages'
import { conversationOf, expectChain } from '../sockets'
import { type CallFault, changesWith, channelOf, faultyChannels, loseCalls, openChannel } from './channel'

const faults =
  (...planned: (CallFault | undefined)[]) =>
  () =>
    planned.shift()
const always = (fault: CallFault) => () => fault

/** What the object has in its storage, and whether it will wake up. */
const left = (person: Person) =>
  runInDurableObject(channelOf(person), async (_, { storage }) => ({
    stored: [...storage.kv.list()].length,
    alarm: (await storage.getAlarm()) !== null,
  }))

describe('calls between objects', () => {
  it('one is lost: what it told is made good within two seconds', async () => {
    const [alice, bob] = await signUpPair()
    const socket = await openChannel(bob)
    const toBob = faults('before')
    await loseCalls(alice, bob, (userId) => (userId === bob.id ? toBob() : undefined))
    await say(alice, bob, 'one')
    await expect.poll(() => socket.all('ready').length, { timeout: 5_000 }).toBe(2)
    expect(socket.all('ready')[1]?.conversations).toEqual([[alice.id, 1, 1]])
    expect(socket.all('conversation')).toEqual([])
  })

  it('all are lost: the next look says how far the conversation is', async () => {
    const [alice, bob] = await signUpPair()
    const socket = await openChannel(bob)
    await loseCalls(alice, bob, always('before'))
    await say(alice, bob, 'one')
    await runDurableObjectAlarm(channelOf(bob))
    expect(await socket.until('ready', 2)).toMatchObject({
      unread: { messages: 1 },
      conversations: [[alice.id, 1, 1]],
    })
    expect(socket.all('conversation')).toEqual([])
    // And not once more.
    await runDurableObjectAlarm(channelOf(bob))
    socket.send({ type: 'replay', to: alice.id, since: 0 })
    await socket.until('replayed')
    expect(socket.all('ready')).toHaveLength(2)
    expect(changesWith(socket, alice)).toMatchObject([{ type: 'message', seq: 1, prev: 0 }])
  })

  it('the answer is lost: it is not told twice', async () => {
    const [alice, bob] = await signUpPair()
    const socket = await openChannel(bob)
    await loseCalls(alice, bob, faults('after', 'after'))
    await say(alice, bob, 'one')
    await socket.until('conversation')
    await expect.poll(() => socket.all('ready').length, { timeout: 5_000 }).toBe(2)
    await say(alice, bob, 'two')
    await socket.until('conversation', 2)
    expectChain(changesWith(socket, alice), 0)
  })

  it('a conversation that is killed before it could tell: the next look says so', async () => {
    const [alice, bob] = await signUpPair()
    await say(alice, bob, 'one')
    const socket = await openChannel(bob)
    await stored('update conversations set seq = 2 where user_a = ? and user_b = ?', ...inOrder(alice, bob))
    await runDurableObjectAlarm(channelOf(bob))
    expect((await socket.until('ready', 2)).conversations).toEqual([[alice.id, 2, 1]])
  })

  it('a change among conversations that are too old to be told of is noticed', async () => {
    const [alice, bob] = await signUpPair()
    await say(bob, alice, 'one')
    await stored(
      `with recursive n(i) as (select 1 union all select i + 1 from n where i < 500)
       insert into users (id, username, username_key, search_key, password_hash, created_at, profile_updated_at)
       select 5000 + i, 'u' || i, 'u' || i, 'u' || i, '', 0, 0 from n`,
    )
    await stored(
      `insert into conversations (id, user_a, user_b, seq, last_message_id)
       select (select coalesce(max(id), 0) from conversations) + id, ?1, id, 1, 1000000 + id from users
       where id between 5001 and 5500`,
      alice.id,
    )
    const socket = await openChannel(alice)
    const { conversations } = await socket.until('ready')
    expect(conversations).toHaveLength(500)
    expect(conversations.map(([user]) => user)).not.toContain(bob.id)
    await stored('update conversations set seq = 2 where user_a = ? and user_b = ?', ...inOrder(alice, bob))
    await runDurableObjectAlarm(channelOf(alice))
    await socket.until('ready', 2)
  })

  it('D1 is out of reach at a look: it is asked again', async () => {
    const [alice, bob] = await signUpPair()
    const socket = await openChannel(bob)
    await loseCalls(alice, bob, always('before'))
    await say(alice, bob, 'one')
    await breakDb(channelOf(bob), once('before'))
    await runDurableObjectAlarm(channelOf(bob))
    expect(await left(bob)).toEqual({ stored: 0, alarm: true })
    await runDurableObjectAlarm(channelOf(bob))
    await socket.until('ready', 2)
  })

  it('D1 is out of reach when a socket is opened: 503, and nothing is left', async () => {
    const [alice] = await signUpPair()
    await breakDb(channelOf(alice), once('before'))
    await expect(openChannel(alice)).rejects.toThrow('503')
    expect(await left(alice)).toEqual({ stored: 0, alarm: false })
    await openChannel(alice)
  })

  it('messages are erased: nobody is told of those of somebody whom they block, others see it', async () => {
    const [alice, bob] = await signUpPair()
    const [carol] = await signUpPair()
    await say(alice, bob, 'one')
    await say(alice, carol, 'one')
    await bob.post('/blocks/', { blocked: alice.id })
    const [blocker, other] = [await openChannel(bob), await openChannel(carol)]
    for (const person of [bob, carol]) await conversationOf(alice, person).eraseSent(alice.id, 0)
    expect((await other.until('ready', 2)).conversations).toEqual([[alice.id, 2, 0]])
    await look(bob)
    expect(blocker.frames).toHaveLength(1)
  })

  it('what happens while a socket is being opened is told, after ready', async () => {
    const [alice, bob] = await signUpPair()
    await say(alice, bob, 'one')
    await breakDb(channelOf(bob), once('late'))
    const opening = openChannel(bob)
    await new Promise((done) => setTimeout(done, 100))
    await say(alice, bob, 'two')
    const socket = await opening
    await socket.until('conversation')
    expect(socket.frames[0]).toMatchObject({ type: 'ready' })
    expect(changesWith(socket, alice)).toMatchObject([{ seq: 2, prev: 1 }])
  })
})

describe('hibernation', () => {
  it('sockets live on; nothing is said of what they were told', async () => {
    const [alice, bob] = await signUpPair()
    const socket = await openChannel(bob)
    await evictDurableObject(channelOf(bob))
    await say(alice, bob, 'one')
    await socket.until('conversation')
    await evictDurableObject(channelOf(bob))
    socket.send({ type: 'send', to: alice.id, content: 'two', key: 'k' })
    await socket.until('sent')
    await socket.until('conversation', 2)
    expectChain(changesWith(socket, alice), 0)
    await evictDurableObject(channelOf(bob))
    socket.send('ping')
    await expect.poll(() => socket.frames.at(-1)).toBe('pong')
    // Only what runs can be evicted.
    await expect(evictDurableObject(channelOf(bob))).rejects.toThrow()
  })

  it('a look that finds nothing new says nothing, also after an eviction', async () => {
    const [alice, bob] = await signUpPair()
    await say(alice, bob, 'one')
    const socket = await openChannel(bob)
    await evictDurableObject(channelOf(bob))
    await runDurableObjectAlarm(channelOf(bob))
    await runDurableObjectAlarm(channelOf(bob))
    expect(socket.frames).toHaveLength(1)
  })
})

describe('who is not there costs nothing', () => {
  it('no alarm, nothing stored, no call to D1', async () => {
    const [alice, bob] = await signUpPair()
    let calls = 0
    await breakDb(
      channelOf(bob),
      () => undefined,
      () => {
        calls += 1
      },
    )
    await say(alice, bob, 'one')
    const { id: post } = await createPost(bob)
    await createComment(alice, post)
    await expect.poll(() => left(bob)).toEqual({ stored: 0, alarm: false })
    const socket = await openChannel(bob)
    expect(calls).toBe(1)
    expect(await left(bob)).toEqual({ stored: 0, alarm: true })
    socket.close()
    await socket.closed
    await expect.poll(() => left(bob)).toEqual({ stored: 0, alarm: false })
    await say(alice, bob, 'two')
    expect(calls).toBe(1)
  })
})

describe('what it costs', () => {
  /** The calls to channels that a request makes. */
  async function callsOf(person: Person, method: string, path: string, body: object) {
    const calls: [number, string][] = []
    const stores = faultyStores()
    const { CHANNEL } = faultyChannels(
      () => undefined,
      (...call) => calls.push(call),
    ) as { CHANNEL: object }
    const bindings = { ...stores.bindings, CHANNEL }
    const answer = await ask({ method, path, headers: person.headers, body }, undefined, {
      ...stores,
      bindings,
    })
    expect(answer.status).toBeLessThan(300)
    return { calls, d1: stores.calls.d1 }
  }

  it('a message: one call to the channel of each of the two, and 40 at once no more', async () => {
    const [alice, bob] = await signUpPair()
    await say(alice, bob, 'one')
    const calls: number[] = []
    await loseCalls(
      alice,
      bob,
      () => undefined,
      (userId) => calls.push(userId),
    )
    await say(alice, bob, 'two')
    await expect.poll(() => calls.toSorted((a, b) => a - b)).toEqual(inOrder(alice, bob))
    const socket = await openChannel(bob)
    await runInDurableObject(conversationOf(alice, bob), (instance) =>
      Promise.all(
        Array.from({ length: 41 }, (_, i) =>
          instance.commit({ type: 'send', userId: alice.id, content: `${i}` }),
        ),
      ),
    )
    await socket.until('conversation', 41)
    // The first alone, the other forty together.
    expect(calls.length).toBeLessThanOrEqual(2 + 2 * 2)
  })

  it('a comment or a follow: one call to the channel of whom it tells, and no call to D1; a like none', async () => {
    const [alice, bob] = await signUpPair()
    const { id: post } = await createPost(bob)
    const comment = await callsOf(alice, 'POST', '/comments/', { post, content: 'x' })
    expect(comment).toEqual({ calls: [[bob.id, 'tellNotified']], d1: 1 })
    const followed = await callsOf(alice, 'POST', '/followers/', { followed: bob.id })
    expect(followed).toEqual({ calls: [[bob.id, 'tellNotified']], d1: 1 })
    expect(await callsOf(alice, 'POST', '/likes/', { post })).toEqual({ calls: [], d1: 1 })
    expect(await callsOf(alice, 'POST', '/posts/', { title: 'x' })).toMatchObject({ calls: [] })
  })

  it('a look: one call to D1, however many sockets; notifications at most one a second', async () => {
    const [alice, bob] = await signUpPair()
    const sockets = [await openChannel(bob), await openChannel(bob)]
    const { id: post } = await createPost(bob)
    let calls = 0
    await breakDb(
      channelOf(bob),
      () => undefined,
      () => {
        calls += 1
      },
    )
    await runDurableObjectAlarm(channelOf(bob))
    expect(calls).toBe(1)
    await Promise.all(Array.from({ length: 8 }, () => createComment(alice, post)))
    for (const socket of sockets)
      await expect.poll(() => socket.all('unread').at(-1)?.unread.notifications, { timeout: 5_000 }).toBe(8)
    expect(calls).toBeLessThanOrEqual(4)
    await like(alice, post)
  })

  it('a client that is not heard of is closed with 1013 before it holds too much', async () => {
    const [alice, bob] = await signUpPair()
    const socket = await openChannel(bob)
    await say(alice, bob, 'x'.repeat(10_000))
    const { event } = await socket.until('conversation')
    if (event.type !== 'message') throw new Error('no message')
    const [row] = await stored<{ id: number }>('select id from conversations where user_b = ?', bob.id)
    expect(row).toBeDefined()
    for (let i = 0; i < 140 && !socket.isClosed(); i++) await say(alice, bob, 'x'.repeat(10_000))
    expect((await socket.closed).code).toBe(1013)
  })
})

describe('sessions', () => {
  it('one that ends says so and is closed with 4401; the others stay', async () => {
    const [alice, bob] = await signUpPair()
    const login = await anyone.post('/dj-rest-auth/login/', { username: alice.username, password: PASSWORD })
    const phone = client({ authorization: `Bearer ${login.body.access_token}` })
    const [ended, stays] = [await openChannel(phone), await openChannel(alice)]
    await phone.post('/dj-rest-auth/logout/', { refresh: login.body.refresh_token })
    expect((await ended.closed).code).toBe(4401)
    expect(ended.frames.at(-1)).toEqual({ type: 'signed-out' })
    await say(bob, alice, 'still there?')
    await stays.until('conversation')
    expect(stays.isClosed()).toBe(false)
  })

  it('the call is lost: the next look closes it', async () => {
    const [alice] = await signUpPair()
    const socket = await openChannel(alice)
    await stored('update sessions set revoked_at = 1 where user_id = ?', alice.id)
    await runDurableObjectAlarm(channelOf(alice))
    expect((await socket.closed).code).toBe(4401)
    expect(await left(alice)).toEqual({ stored: 0, alarm: false })
  })

  it('whose session has ended sends nothing, reads nothing and replays nothing', async () => {
    const [alice, bob] = await signUpPair()
    await say(bob, alice, 'one')
    for (const frame of [
      { type: 'send', to: bob.id, content: 'x', key: 'k' },
      { type: 'read', to: bob.id, up_to: 1 },
      { type: 'replay', to: bob.id, since: 0 },
    ]) {
      await stored('update sessions set revoked_at = null where user_id = ?', alice.id)
      const socket = await openChannel(alice)
      await stored('update sessions set revoked_at = 1 where user_id = ?', alice.id)
      socket.send(frame)
      expect((await socket.closed).code).toBe(4401)
      expect(changesWith(socket, bob)).toEqual([])
    }
    expect(await stored('select unread_messages from users where id = ?', alice.id)).toEqual([
      { unread_messages: 1 },
    ])
  })

  it('a token that has run out: 4401, and not signed out', async () => {
    const [alice] = await signUpPair()
    const socket = await openChannel(alice)
    await runInDurableObject(channelOf(alice), (_, state) => {
      for (const one of state.getWebSockets())
        one.serializeAttachment({ ...one.deserializeAttachment(), expiresAt: 1 })
    })
    await runDurableObjectAlarm(channelOf(alice))
    expect((await socket.closed).code).toBe(4401)
    expect(socket.all('signed-out')).toEqual([])
  })
})

/** An object that wakes up looks at everything. */
async function look(person: Person): Promise<void> {
  await evictDurableObject(channelOf(person))
  await runDurableObjectAlarm(channelOf(person))
}

const inOrder = (...people: { id: number }[]) => people.map(({ id }) => id).sort((one, other) => one - other)
