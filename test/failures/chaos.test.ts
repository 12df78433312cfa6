/**
 * Sixteen clients in eight conversations do what comes to their minds, while every twentieth request and every twentieth transaction of an object
 * meets a fault, and objects are evicted and killed. In the end what was acknowledged is there once and in order, what was not at most once,
 * every client knows what a fresh GET says, and the kept values are true.
 *
 * The seed, which is another every day, decides what each client does, not how their requests interleave.
 */
import { evictDurableObject, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterAll, expect, it, vi } from 'vitest'
import { KEPT_VALUES } from '../../src/db/kept'
import type { MessageAnswer } from '../../src/messaging/shared/message-schemas'
import { type Person, signUp, stored } from '../client'
import { breakDb, type Fault as ObjectFault } from '../faulty-db'
import { type Random, random } from '../fixtures/random'
import { comparable, Device, type Known } from '../messages/device'
import { conversationOf } from '../sockets'
import { ask, type Call } from './ask'
import { bringDeadlinesForward, FAULTS, type FaultyStores, faultyStores, type Plan } from './faults'

const CLIENTS = 16
const OPERATIONS = 10_000
/** A machine that is too slow for all of them does what it can in this time. */
const MAX_MS = 200_000
/** Not every request makes the call that is to fail: about one in twenty does. */
const OPERATIONS_PER_FAULT = 14
const OPERATIONS_PER_EVICTION = 150
const MINUTES = Number(env.CHAOS_MINUTES)
const SEED = Number(env.CHAOS_SEED) || Math.floor(Date.now() / 86_400_000)

const people = await Promise.all(Array.from({ length: CLIENTS }, (_, i) => signUp(`client${i}`)))
bringDeadlinesForward()
afterAll(() => {
  vi.unstubAllGlobals()
})

const done = { operations: 0, faults: 0, objectFaults: 0, evictions: 0, kills: 0 }
const until = Date.now() + (MINUTES > 0 ? MINUTES * 60_000 : MAX_MS)
const isOver = () => Date.now() > until || (MINUTES === 0 && done.operations >= OPERATIONS)
let isCalm = false

/** One of each pair's two. */
class Client {
  readonly device: Device
  readonly #random: Random
  /** What was acknowledged: messages by what they say, and the posts. */
  readonly sent = new Map<string, MessageAnswer>()
  readonly posts = new Map<string, number>()
  /** What was not, and may be there all the same. */
  readonly unknown = new Set<string>()
  readonly #mine: number[] = []
  readonly #likes: number[] = []
  #last = 0
  /** What was given up, and has not arrived. */
  #late: FaultyStores[] = []

  constructor(
    readonly person: Person,
    readonly other: Person,
    seed: number,
  ) {
    this.#random = random(seed)
    this.device = new Device(person, other)
  }

  async run(): Promise<void> {
    await this.device.connect()
    for (let i = 0; !isOver(); i++) {
      done.operations += 1
      await this.#step(`${this.person.username} ${i}`)
      if (this.#random.below(10) === 0) await this.arrive()
      if (this.#random.below(40) === 0) await this.device.disconnect()
      if (this.#random.below(4) === 0) await this.device.connect()
      if (this.#random.below(OPERATIONS_PER_EVICTION) === 0) await this.#evict()
    }
    await this.arrive()
  }

  /** What was given up arrives now. */
  async arrive(): Promise<void> {
    for (const stores of this.#late.splice(0)) await stores.arrive()
  }

  #step(name: string): Promise<void> {
    const { weighted, below } = this.#random
    const target = this.#mine[this.#mine.length - 1 - below(Math.min(20, this.#mine.length))] ?? 0
    switch (
      weighted({ send: 30, unkeyed: 10, edit: 16, remove: 8, read: 16, clear: 0.3, post: 10, like: 10 })
    ) {
      case 'send':
        return this.#send(name)
      case 'unkeyed':
        return this.#sendOnce(name)
      case 'edit':
        return this.#expect(
          { method: 'PATCH', path: `/messages/${target}/update/`, body: { content: `${name}!` } },
          [200, 404],
        )
      case 'remove':
        return this.#expect({ method: 'DELETE', path: `/messages/${target}/delete/` }, [204, 404])
      case 'read':
        return this.#read()
      case 'clear':
        return this.#expect({ method: 'DELETE', path: `/chats/${this.other.id}/delete/` }, [200, 404])
      case 'post':
        return this.#post(name)
      case 'like':
        return this.#like()
    }
  }

  async #send(name: string): Promise<void> {
    const socket = this.device.free
    if (socket && this.#random.below(2)) {
      socket.send({ type: 'send', content: name, key: name })
      const answer = () => [...socket.all('sent'), ...socket.all('error')].find(({ key }) => key === name)
      await vi.waitUntil(() => answer() ?? socket.isClosed(), { timeout: 5_000, interval: 5 }).catch(() => {})
      const found = answer()
      if (found?.type === 'error') expect(found.code).toBe('unavailable')
      if (found?.type === 'sent') {
        this.#acknowledge(name, found.message)
        // Some ask again though they were answered.
        if (this.#random.below(10)) return
      }
    }
    const { body } = await this.#persist(this.#sending(name), name, [201])
    this.#acknowledge(name, body)
  }

  /** Who has no key must not try again. */
  async #sendOnce(name: string): Promise<void> {
    const { status, body } = await this.#ask(this.#sending(name), undefined)
    expect([201, 503]).toContain(status)
    if (status === 201) this.#acknowledge(name, body)
    else this.unknown.add(name)
  }

  readonly #sending = (content: string): Call => ({
    method: 'POST',
    path: `/messages/${this.other.id}/send/`,
    body: { content },
  })

  #acknowledge(name: string, message: MessageAnswer): void {
    const known = this.sent.get(name)
    if (known) expect(message.id, 'a key gives one message').toBe(known.id)
    else {
      expect(message.seq, 'in order').toBeGreaterThan(this.#last)
      this.#last = message.seq
      this.#mine.push(message.id)
    }
    this.sent.set(name, message)
  }

  async #read(): Promise<void> {
    const upTo = Math.max(0, this.device.take() - this.#random.below(20))
    const socket = this.device.free
    if (socket && this.#random.below(2)) return socket.send({ type: 'read', up_to: upTo })
    await this.#expect(
      { method: 'POST', path: `/messages/${this.other.id}/read/`, body: { up_to: upTo } },
      [200],
    )
  }

  async #post(title: string): Promise<void> {
    const { body } = await this.#persist({ method: 'POST', path: '/posts/', body: { title } }, title, [201])
    this.posts.set(title, body.id)
  }

  async #like(): Promise<void> {
    const [first] = this.#likes
    if (first !== undefined && this.#random.below(2)) {
      this.#likes.shift()
      return this.#expect({ method: 'DELETE', path: `/likes/${first}/` }, [204, 404])
    }
    const post = [...this.posts.values()].at(-1)
    if (post === undefined) return
    // Where the first answer was lost it is a duplicate the second time.
    const { status, body } = await this.#persist(
      { method: 'POST', path: '/likes/', body: { post } },
      undefined,
      [201, 400],
    )
    if (status === 201) this.#likes.push(body.id)
  }

  async #expect(call: Call, statuses: number[]): Promise<void> {
    await this.#persist(call, undefined, statuses)
  }

  /** Asks until the service is there. */
  async #persist(call: Call, key: string | undefined, statuses: number[]) {
    for (let attempt = 1; ; attempt++) {
      const answer = await this.#ask(call, key)
      if (answer.status === 503) expect(answer.retryAfter).toBe('1')
      else {
        expect(statuses, `${JSON.stringify(call)}: ${JSON.stringify(answer.body)}`).toContain(answer.status)
        return answer
      }
      if (attempt === 20) throw new Error(`never available: ${JSON.stringify(call)}`)
    }
  }

  async #ask(call: Call, key: string | undefined) {
    const stores = faultyStores(this.#plan())
    const answer = await ask({ ...call, headers: this.person.headers }, key, stores)
    if (stores.isDone()) done.faults += 1
    this.#late.push(stores)
    return answer
  }

  #plan(): Plan | undefined {
    const { below, pick } = this.#random
    if (below(OPERATIONS_PER_FAULT) > 0) return undefined
    const store = pick(['d1', 'object'] as const)
    return { store, call: 1, fault: pick<Plan['fault']>(FAULTS[store]), error: below(100) }
  }

  /** Ends the object's memory, gracefully or not. */
  async #evict(): Promise<void> {
    const stub = conversationOf(this.person, this.other)
    if (this.#random.below(3) === 0) {
      done.kills += 1
      await runInDurableObject(stub, (_, state) => {
        state.abort('killed')
      }).catch(() => {})
    } else {
      done.evictions += 1
      const webSockets = this.#random.pick(['hibernate', 'close'] as const)
      await evictDurableObject(stub, { webSockets }).catch(() => {})
    }
    await this.breakObject()
  }

  /** A new object has the D1 that works. */
  async breakObject(): Promise<void> {
    const { below, pick } = this.#random
    const next = (): ObjectFault | undefined => {
      if (isCalm || below(OPERATIONS_PER_FAULT) > 0) return undefined
      done.objectFaults += 1
      return pick(['before', 'after', 'late'] as const)
    }
    await breakDb(conversationOf(this.person, this.other), next).catch(() => {})
  }

  /** All pages of the conversation, as it is now. */
  async thread(): Promise<Known[]> {
    const found: Known[] = []
    let next: string | null = `/messages/${this.other.id}/?cursor=`
    while (next) {
      const { body }: Awaited<ReturnType<Person['get']>> = await this.person.get(next)
      found.push(...body.results.map(comparable))
      next = body.next
    }
    return found
  }
}

const clients = people.flatMap((person, i) => {
  const other = people[i ^ 1]
  return other ? [new Client(person, other, SEED * CLIENTS + i)] : []
})

it(
  `chaos, with the seed ${SEED}`,
  async () => {
    // A hundred thousand lines would take longer than what they tell of.
    for (const method of ['log', 'error'] as const) vi.spyOn(console, method).mockImplementation(() => {})
    await Promise.all(clients.map((client, i) => (i % 2 ? undefined : client.breakObject())))
    await Promise.all(clients.map((client) => client.run()))
    isCalm = true
    vi.restoreAllMocks()
    console.log(`Chaos with the seed ${SEED}: ${JSON.stringify(done)}`)
    expect(done.faults).toBeGreaterThan(done.operations / 40)
    for (const count of [done.operations / 1_000, done.objectFaults, done.kills, done.evictions])
      expect(count).toBeGreaterThanOrEqual(1)

    for (const client of clients) {
      const { person, other, device } = client
      const [one, two] = [Math.min(person.id, other.id), Math.max(person.id, other.id)]
      const log = await stored<{ seq: number; kind: string; message_id: number; user_id: number }>(
        `select seq, kind, message_id, user_id from changes
         where conversation_id = (select id from conversations where user_a = ? and user_b = ?) order by seq`,
        one,
        two,
      )
      expect(
        log.map(({ seq }) => seq),
        'no gap',
      ).toEqual(log.map((_, i) => i + 1))
      const made = log.filter(({ kind, user_id }) => kind === 'message' && user_id === person.id)
      const ids = new Set(made.map(({ message_id }) => message_id))
      expect(ids.size, 'each once').toBe(made.length)
      const acknowledged = [...client.sent.values()].map(({ id }) => id)
      expect(new Set(acknowledged).size).toBe(acknowledged.length)
      expect(
        acknowledged.filter((id) => !ids.has(id)),
        'what was acknowledged',
      ).toEqual([])
      expect(made.length).toBeLessThanOrEqual(acknowledged.length + client.unknown.size)
      const titles = await stored<{ id: number; title: string }>(
        'select id, title from posts where owner_id = ? order by id',
        person.id,
      )
      expect(titles.map(({ id, title }) => [title, id])).toEqual([...client.posts])

      await vi.waitUntil(() => device.connect().then(() => device.take() === log.length), { timeout: 10_000 })
      expect(device.problems).toEqual([])
      expect([...device.messages.values()].sort((a, b) => a.id - b.id)).toEqual(await client.thread())
    }
    for (const { name, differences } of KEPT_VALUES)
      expect([name, await stored(differences)]).toEqual([name, []])
  },
  MINUTES * 60_000 + 240_000,
)
