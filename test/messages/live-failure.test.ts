import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { recordLogs } from '../auth-helpers'
import { type Answer, type Person, stored } from '../client'
import { breakDb, type Fault, holdBack, once } from '../faulty-db'
import { signUpPair } from '../fixtures/factories'
import { say } from '../fixtures/messages'
import { type Change, conversationOf, expectAlive, expectChain, listen, refusal } from '../sockets'

afterEach(() => {
  vi.restoreAllMocks()
})

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

  /** Every kind of change, as alice makes it where bob has sent a message, and she another. */
  const CHANGES: [
    name: string,
    make: (alice: Person, bob: Person, mine: number) => Promise<Answer>,
    type: Change['type'],
  ][] = [
    ['a message', (alice, bob) => alice.post(`/messages/${bob.id}/send/`, { content: 'x' }), 'message'],
    [
      'a message with a key',
      (alice, bob) =>
        alice.post(`/messages/${bob.id}/send/`, { content: 'x' }, { 'idempotency-key': 'once' }),
      'message',
    ],
    ['an edit', (alice, _, mine) => alice.patch(`/messages/${mine}/update/`, { content: 'y' }), 'edited'],
    ['a deletion', (alice, _, mine) => alice.delete(`/messages/${mine}/delete/`), 'deleted'],
    ['a clearing', (alice, bob) => alice.delete(`/chats/${bob.id}/delete/`), 'cleared'],
    ['a reading', (alice, bob) => alice.post(`/messages/${bob.id}/read/`, { up_to: 9 }), 'read'],
  ]
  /** Two messages, and bob listening. */
  async function prepare() {
    const [alice, bob] = await signUpPair()
    await say(bob, alice, 'theirs')
    const { id } = await say(alice, bob, 'mine')
    const theirs = await listen(bob, alice)
    await theirs.until('ready')
    return { alice, bob, mine: id, theirs }
  }
  const changesBetween = (one: Person, other: Person) =>
    stored<{ kind: string }>(
      `select kind from changes where conversation_id = (select id from conversations where user_a = ? and user_b = ?) and seq > 2`,
      Math.min(one.id, other.id),
      Math.max(one.id, other.id),
    )

  describe.each(CHANGES)('%s', (name, make, type) => {
    it.each(['before', 'after'] as const)(
      'D1 fails %s it: it is made once, answered and told',
      async (fault) => {
        const { alice, bob, mine, theirs } = await prepare()
        await breakDb(conversationOf(alice, bob), once(fault))
        const { status } = await make(alice, bob, mine)
        expect(status).toBeLessThan(300)
        expect((await theirs.until(type)).seq).toBe(3)
        expect(theirs.changes()).toHaveLength(1)
        expect(await changesBetween(alice, bob)).toHaveLength(1)
        await expectAlive(theirs, alice, bob)
        expectChain(theirs.changes(), 2)
      },
    )

    it('it cannot be found out what became of it: 503, and told within two seconds', async () => {
      const { alice, bob, mine, theirs } = await prepare()
      await breakDb(conversationOf(alice, bob), once('after', 'before'))
      const { status, headers } = await make(alice, bob, mine)
      // Under a key the Worker finds it too.
      if (name.includes('key')) expect(status).toBe(201)
      else expect([status, headers.get('retry-after')]).toEqual([503, '1'])
      await expect.poll(() => theirs.all(type).length, { timeout: 2_000 }).toBe(1)
      expect(await changesBetween(alice, bob)).toHaveLength(1)
      await expectAlive(theirs, alice, bob)
      expectChain(theirs.changes(), 2)
    })

    it('nor can they be told: they are closed within two seconds, with 1013', async () => {
      const { alice, bob, mine, theirs } = await prepare()
      await breakDb(conversationOf(alice, bob), once('after', ...Array<Fault>(50).fill('before')))
      await make(alice, bob, mine)
      await expect.poll(() => theirs.isClosed(), { timeout: 2_000 }).toBe(true)
      expect((await theirs.closed).code).toBe(1013)
    })

    it('nor does D1 say anything any more: they are closed within two seconds, with 1013', async () => {
      const { alice, bob, mine, theirs } = await prepare()
      await breakDb(conversationOf(alice, bob), once('after', 'before', ...Array<Fault>(50).fill('hang')))
      await make(alice, bob, mine)
      await expect.poll(() => theirs.isClosed(), { timeout: 2_000 }).toBe(true)
      expect((await theirs.closed).code).toBe(1013)
    })

    it('it was given up, and arrives when another has been made: it is refused', async () => {
      const { alice, bob, mine, theirs } = await prepare()
      const late = await holdBack(conversationOf(alice, bob))
      const { status } = await make(alice, bob, mine)
      expect(status).toBeLessThan(300)
      // A key that was used, a deletion, a clearing or a reading finds nothing to do any more; the others are refused.
      const refused = await late().then(() => 'nothing', String)
      expect(refused).toMatch(['a message', 'an edit'].includes(name) ? /revoked/ : /^nothing$/)
      expect(await changesBetween(alice, bob)).toHaveLength(1)
      await theirs.until(type)
    })
  })

  it.each(['before', 'after'] as const)(
    'it was given up, the object evicted, and it arrives %s the next one has looked: whoever listens misses nothing',
    async (order) => {
      const { alice, bob, theirs } = await prepare()
      const stub = conversationOf(alice, bob)
      const late = await holdBack(stub, once('before'))
      expect((await alice.post(`/messages/${bob.id}/send/`, { content: 'x' })).status).toBe(503)
      await evictDurableObject(stub)
      if (order === 'before') await late()
      await runDurableObjectAlarm(stub)
      if (order === 'after') await expect(late()).rejects.toThrow('revoked')
      await expectAlive(theirs, alice, bob)
      expectChain(theirs.changes(), 2)
      expect(theirs.all('message')).toHaveLength(order === 'before' ? 2 : 1)
      // It is settled: nothing is left of it.
      await runInDurableObject(stub, (_, { storage }) => expect([...storage.kv.list()]).toEqual([]))
    },
  )

  it('it was given up, the object evicted, and somebody new listens: it is settled then', async () => {
    const [alice, bob] = await signUpPair()
    const stub = conversationOf(alice, bob)
    await say(alice, bob, 'one')
    const late = await holdBack(stub, once('before'))
    expect((await alice.post(`/messages/${bob.id}/send/`, { content: 'x' })).status).toBe(503)
    await evictDurableObject(stub)
    await runInDurableObject(stub, (_, { storage }) => storage.deleteAlarm())
    const theirs = await listen(bob, alice)
    await theirs.until('ready')
    await runDurableObjectAlarm(stub)
    await expect(late()).rejects.toThrow('revoked')
    await expectAlive(theirs, alice, bob)
  })

  it('eleven messages at once whose answer is lost are eleven', async () => {
    const { alice, bob, theirs } = await prepare()
    await breakDb(conversationOf(alice, bob), once('late', 'after'))
    const sent = await Promise.all(
      Array.from({ length: 11 }, (_, i) => alice.post(`/messages/${bob.id}/send/`, { content: `${i}` })),
    )
    expect(sent.map(({ status }) => status)).toEqual(Array(11).fill(201))
    expect(new Set(sent.map(({ body }) => body.id)).size).toBe(11)
    expect(await changesBetween(alice, bob)).toHaveLength(11)
    await theirs.until('message', 11)
    expectChain(theirs.changes(), 2)
  })

  it('a mistake of ours is 500, logged, and nothing is made', async () => {
    const { alice, bob, theirs } = await prepare()
    await breakDb(conversationOf(alice, bob), once('mistake'))
    const failed = await alice.post(`/messages/${bob.id}/send/`, { content: 'x' })
    expect([failed.status, failed.body]).toEqual([500, { detail: ['A server error occurred.'] }])
    expect(await changesBetween(alice, bob)).toHaveLength(0)
    await expectAlive(theirs, alice, bob)
  })

  it('a mistake of ours while a socket is opened is 500, and logged', async () => {
    const [alice, bob] = await signUpPair()
    await breakDb(conversationOf(alice, bob), once('mistake'))
    const logs = recordLogs()
    const { status, body } = await refusal(`/messages/${bob.id}/live/`, alice.headers)
    expect([status, body]).toEqual([500, { detail: 'A server error occurred.' }])
    expect(logs.join()).toMatch(/A conversation made a mistake.*syntax error/)
  })

  it('a mistake of ours while somebody catches up closes their socket, and is logged', async () => {
    const [alice, bob] = await signUpPair()
    await say(alice, bob, 'one')
    await breakDb(conversationOf(alice, bob), once(undefined, 'mistake'))
    const logs = recordLogs()
    const socket = await listen(bob, alice, { since: 0 })
    expect((await socket.closed).code).toBe(1013)
    expect(logs.join()).toMatch(/A conversation made a mistake.*syntax error/)
  })

  it('a mistake of ours in an alarm is logged', async () => {
    const { alice, bob, theirs } = await prepare()
    await expectAlive(theirs, alice, bob)
    await breakDb(conversationOf(alice, bob), once('mistake'))
    const logs = recordLogs()
    await runDurableObjectAlarm(conversationOf(alice, bob))
    expect(logs.join()).toMatch(/A conversation made a mistake.*syntax error/)
  })

  it('over a socket: an error with its key, that says to try again', async () => {
    const [alice, bob] = await signUpPair()
    const socket = await listen(alice, bob)
    await socket.until('ready')
    await breakDb(conversationOf(alice, bob), once('after', 'before'))
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
