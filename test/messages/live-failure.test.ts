import { evictDurableObject, runInDurableObject } from 'cloudflare:test'
import { describe, expect, it } from 'vitest'
import { breakDb, once } from '../faulty-db'
import { signUpPair } from '../fixtures/factories'
import { say } from '../fixtures/messages'
import { conversationOf, expectAlive, expectChain, listen } from '../sockets'

describe('hibernation', () => {
  it('ping is answered without waking the object', async () => {
    const [alice, bob] = await signUpPair()
    const socket = await listen(alice, bob)
    await socket.until('ready')
    await evictDurableObject(conversationOf(alice, bob))
    socket.send('ping')
    await expect.poll(() => socket.frames.at(-1)).toBe('pong')
    // Only what runs can be evicted.
    await expect(evictDurableObject(conversationOf(alice, bob))).rejects.toThrow()
  })

  it('sockets live on, each with who it is and how far it is', async () => {
    const [alice, bob] = await signUpPair()
    const mine = await listen(alice, bob, { since: 0 })
    const theirs = await listen(bob, alice, { since: 0 })
    for (let i = 0; i < 6; i++) {
      await evictDurableObject(conversationOf(alice, bob))
      if (i % 3 === 0) await say(alice, bob, `${i}`)
      else (i % 3 === 1 ? mine : theirs).send({ type: 'send', content: `${i}`, key: `${i}` })
      await mine.until('message', i + 1)
      await theirs.until('message', i + 1)
    }
    for (const socket of [mine, theirs]) {
      expectChain(socket.changes(), 0)
      expect(socket.changes().map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6])
    }
    await theirs.until('sent', 2)
    expect(theirs.all('sent').map(({ message }) => message.is_sender)).toEqual([true, true])
  })

  it('who was closed by a restart comes back and misses nothing', async () => {
    const [alice, bob] = await signUpPair()
    const socket = await listen(alice, bob, { since: 0 })
    await say(bob, alice, 'one')
    await socket.until('message')
    await evictDurableObject(conversationOf(alice, bob), { webSockets: 'close' })
    await socket.closed
    await say(bob, alice, 'two')
    const next = await listen(alice, bob, { since: 1 })
    expect(await next.until('message')).toMatchObject({ seq: 2, prev: 1, message: { content: 'two' } })
  })
})

describe('failure', () => {
  const UNAVAILABLE = 'The service is unavailable for the moment. Please try again.'

  it('nothing was committed: 503, nothing is told, and the same key sends it', async () => {
    const [alice, bob] = await signUpPair()
    const theirs = await listen(bob, alice)
    await theirs.until('ready')
    await breakDb(conversationOf(alice, bob), once('before'))
    const send = () =>
      alice.post(`/messages/${bob.id}/send/`, { content: 'x' }, { 'idempotency-key': 'once' })
    const failed = await send()
    expect([failed.status, failed.body]).toEqual([503, { detail: [UNAVAILABLE] }])
    expect(failed.headers.get('retry-after')).toBe('1')
    expect((await bob.get(`/messages/${alice.id}/`)).body.count).toBe(0)
    expect(theirs.changes()).toEqual([])
    const { status, body } = await send()
    expect(status).toBe(201)
    expect((await theirs.until('message')).message.id).toBe(body.id)
    expect(theirs.changes()).toHaveLength(1)
  })

  it('it was committed and the answer lost: the same key gives it, and who listens is told then, once', async () => {
    const [alice, bob] = await signUpPair()
    const [mine, theirs] = [await listen(alice, bob), await listen(bob, alice)]
    await Promise.all([mine.until('ready'), theirs.until('ready')])
    await breakDb(conversationOf(alice, bob), once('after'))
    const send = () =>
      alice.post(`/messages/${bob.id}/send/`, { content: 'x' }, { 'idempotency-key': 'once' })
    expect((await send()).status).toBe(503)
    expect((await bob.get(`/messages/${alice.id}/`)).body.count).toBe(1)
    const { status, body } = await send()
    expect(status).toBe(201)
    // Before the answer, not when an alarm finds it.
    for (const socket of [mine, theirs]) expect(socket.changes().map(({ seq }) => seq)).toEqual([1])
    expect((await theirs.until('message')).message.id).toBe(body.id)
    await say(alice, bob, 'y')
    for (const socket of [mine, theirs]) {
      await socket.until('message', 2)
      expectChain(socket.changes(), 0)
      expect(socket.changes()).toHaveLength(2)
    }
  })

  it('nobody tries again: those who listen are told all the same', async () => {
    const [alice, bob] = await signUpPair()
    const theirs = await listen(bob, alice)
    await theirs.until('ready')
    await breakDb(conversationOf(alice, bob), once('after'))
    expect((await alice.post(`/messages/${bob.id}/send/`, { content: 'x' })).status).toBe(503)
    await evictDurableObject(conversationOf(alice, bob))
    expect((await theirs.until('message')).message.content).toBe('x')
    await expectAlive(theirs, alice, bob)
    expectChain(theirs.changes(), 0)
  })

  it('over a socket: an error with its key, that says to try again', async () => {
    const [alice, bob] = await signUpPair()
    const socket = await listen(alice, bob)
    await socket.until('ready')
    await breakDb(conversationOf(alice, bob), once('after'))
    const frame = { type: 'send', content: 'x', key: 'once' }
    socket.send(frame)
    expect(await socket.until('error')).toEqual({
      type: 'error',
      key: 'once',
      code: 'unavailable',
      errors: { detail: [UNAVAILABLE] },
    })
    socket.send(frame)
    const { message } = await socket.until('sent')
    expect(socket.changes()).toMatchObject([
      { type: 'message', seq: 1, prev: 0, message: { id: message.id } },
    ])
  })

  it('what is committed stays committed, and once, if it cannot be told; that is made good with the next', async () => {
    const [alice, bob] = await signUpPair()
    const socket = await listen(bob, alice)
    await socket.until('ready')
    const stub = conversationOf(alice, bob)
    await runInDurableObject(stub, (instance, state) => {
      const getWebSockets = () => {
        throw new Error('no sockets today')
      }
      Object.defineProperty(instance, 'ctx', { value: { ...state, getWebSockets }, configurable: true })
    })
    const answers = await Promise.all(['one', 'two'].map((text) => say(alice, bob, text)))
    expect(answers.map(({ seq }) => seq)).toEqual([1, 2])
    expect((await bob.get(`/messages/${alice.id}/`)).body.count).toBe(2)
    expect(socket.changes()).toEqual([])
    await runInDurableObject(stub, (instance, state) => {
      Object.defineProperty(instance, 'ctx', { value: state, configurable: true })
    })
    await say(alice, bob, 'three')
    await socket.until('message', 3)
    expectChain(socket.changes(), 0)
  })

  it('takes in no more than it can hold', async () => {
    const [alice, bob] = await signUpPair()
    await say(alice, bob, 'one')
    const stub = conversationOf(alice, bob)
    // All in the same moment, which calls from outside cannot promise.
    const results = await runInDurableObject(stub, (instance) =>
      Promise.all(
        Array.from({ length: 2_100 }, () => instance.commit({ type: 'read', userId: bob.id, upTo: 1 })),
      ),
    )
    const refused = results.filter(({ ok }) => !ok)
    expect(refused).toHaveLength(100)
    for (const result of refused) expect(result).toEqual({ ok: false, why: 'unavailable' })
    expect((await say(alice, bob, 'two')).seq).toBe(3)
  })

  it('a replay that fails closes the socket: 1013, and the next goes on from there', async () => {
    const [alice, bob] = await signUpPair()
    await say(alice, bob, 'one')
    await breakDb(conversationOf(alice, bob), once(undefined, 'before'))
    const socket = await listen(bob, alice, { since: 0 })
    expect((await socket.closed).code).toBe(1013)
    expect(socket.changes()).toEqual([])
    const next = await listen(bob, alice, { since: 0 })
    await next.until('message')
  })
})
