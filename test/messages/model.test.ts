/**
 * Two people, two devices each, and everything that can go wrong between them: whatever happens, every device knows what a fresh
 * GET says, and nothing has happened twice.
 */
import { evictDurableObject } from 'cloudflare:test'
import { describe, expect, it } from 'vitest'
import type { MessageAnswer } from '../../src/messaging/shared/message-schemas'
import { type Answer, form, type Person, signUp, stored } from '../client'
import { breakDb, type Fault } from '../faulty-db'
import { png } from '../fixtures/images'
import { random } from '../fixtures/random'
import { conversationOf, listen } from '../sockets'
import { comparable, Device, type Known } from './device'

const SEED = 20_260_401
const STEPS = 2_000
const DISCONNECTS = 200
const EVICTIONS = 50

const { below, pick, weighted } = random(SEED)
const [alice, bob] = await Promise.all([signUp('alice'), signUp('bob')])
const other = (person: Person) => (person === alice ? bob : alice)
const object = () => conversationOf(alice, bob)

const devices = [alice, alice, bob, bob].map((person) => new Device(person, other(person)))

/** Faults to come, one a call of the object to D1. */
const faults: Fault[] = []
const failed: Record<Fault, number> = { before: 0, after: 0, late: 0, hang: 0, mistake: 0 }
const nextFault = () => {
  const fault = faults.shift()
  if (fault) failed[fault] += 1
  return fault
}
const evict = async () => {
  // What is not running cannot be evicted; and a new one has the D1 that works.
  await breakDb(object(), nextFault)
  await evictDurableObject(object(), { webSockets: pick(['hibernate', 'hibernate', 'close'] as const) })
  await breakDb(object(), nextFault)
}

/** Asks until the service is there. */
async function persist(ask: () => Promise<Answer>): Promise<Answer> {
  for (let attempt = 1; ; attempt++) {
    const answer = await ask()
    if (answer.status !== 503) return answer
    expect(answer.headers.get('retry-after')).toBe('1')
    if (attempt === 10) throw new Error('never available')
  }
}

/** Message ids by the key that they were sent with, and whose they are. */
const sent = new Map<string, number>()
const mine = new Map<number, Person>()

function acknowledge(key: string, person: Person, message: MessageAnswer): void {
  expect(sent.get(key) ?? message.id, 'a key gives one message').toBe(message.id)
  sent.set(key, message.id)
  mine.set(message.id, person)
}

async function send(device: Device, key: string): Promise<void> {
  const { person } = device
  const content = `message ${key}`
  const socket = device.free
  if (socket && below(2)) {
    socket.send({ type: 'send', content, key })
    const answer = () => [...socket.all('sent'), ...socket.all('error')].find((frame) => frame.key === key)
    for (let waited = 0; waited < 300 && !answer() && !socket.isClosed(); waited++)
      await new Promise((done) => setTimeout(done, 10))
    const found = answer()
    if (found?.type === 'sent') acknowledge(key, person, found.message)
    else if (found) expect(found.code).toBe('unavailable')
    // Some ask again though they were answered.
    if (found?.type === 'sent' && below(10)) return
  }
  const path = `/messages/${other(person).id}/send/`
  const { status, body } = await persist(() => person.post(path, { content }, { 'idempotency-key': key }))
  expect(status, JSON.stringify(body)).toBe(201)
  acknowledge(key, person, body)
}

async function sendImage({ person }: Device, key: string): Promise<void> {
  const body = () => form({ content: '', image: new File([png(1 + below(3), 1)], 'x.png') })
  const one = body()
  const answer = await persist(() =>
    person.post(`/messages/${other(person).id}/send/`, one, { 'idempotency-key': key }),
  )
  expect(answer.status, JSON.stringify(answer.body)).toBe(201)
  acknowledge(key, person, answer.body)
}

async function edit(id: number, content: string): Promise<void> {
  const person = mine.get(id)
  if (!person) return
  const { status } = await persist(() => person.patch(`/messages/${id}/update/`, { content }))
  expect([200, 404]).toContain(status)
}

async function remove(id: number): Promise<void> {
  const person = mine.get(id)
  if (!person) return
  const { status } = await persist(() => person.delete(`/messages/${id}/delete/`))
  // Where the first answer was lost it is gone the second time.
  expect([204, 404]).toContain(status)
  mine.delete(id)
}

async function read(device: Device, upTo: number): Promise<void> {
  const socket = device.free
  if (socket && below(2)) return socket.send({ type: 'read', up_to: upTo })
  const { person } = device
  const { status } = await persist(() => person.post(`/messages/${other(person).id}/read/`, { up_to: upTo }))
  expect(status).toBe(200)
}

async function clear({ person }: Device): Promise<void> {
  const { status } = await persist(() => person.delete(`/chats/${other(person).id}/delete/`))
  expect([200, 404]).toContain(status)
}

async function threadOf(person: Person): Promise<Known[]> {
  const found: Known[] = []
  let next: string | null = `/messages/${other(person).id}/?cursor=`
  while (next) {
    const { status, body }: Answer = await person.get(next)
    expect(status).toBe(200)
    found.push(...body.results.map(comparable))
    next = body.next
  }
  return found
}

/** Everybody comes back and has come to the end: then all know the same. */
async function settle(): Promise<void> {
  faults.length = 0
  const key = crypto.randomUUID()
  const { body } = await alice.post(
    `/messages/${bob.id}/send/`,
    { content: 'the end' },
    { 'idempotency-key': key },
  )
  acknowledge(key, alice, body)
  for (const device of devices) {
    await expect
      .poll(() => device.connect().then(() => device.take()), { timeout: 10_000 })
      .toBeGreaterThanOrEqual(body.seq)
  }
  const [conversation] = await stored<{ seq: number }>('select seq from conversations')
  for (const person of [alice, bob]) {
    const thread = await threadOf(person)
    for (const device of devices.filter((one) => one.person === person)) {
      await expect.poll(() => device.take()).toBe(conversation?.seq)
      expect(device.problems).toEqual([])
      expect([...device.messages.values()].sort((one, two) => one.id - two.id)).toEqual(thread)
    }
  }
}

describe('a conversation under failure', () => {
  it(`${STEPS} changes, ${DISCONNECTS} disconnects, ${EVICTIONS} evictions, failures of D1`, async () => {
    await settle()
    const keys = Array.from({ length: STEPS }, (_, i) => `key-${i}`)
    let steps = 0
    let disconnects = 0
    let evictions = 0
    let sends = 1
    let settled = 1
    while (steps < STEPS) {
      const doing: Promise<void>[] = []
      for (let i = 1 + below(8); i > 0 && steps < STEPS; i--) {
        const device = pick(devices)
        const ids = [...mine.keys()]
        const target = ids[ids.length - 1 - below(Math.min(40, ids.length))] ?? 0
        const key = keys[steps] ?? ''
        const what = weighted({ send: 46, image: 2, edit: 20, remove: 12, read: 19.5, clear: 0.5 })
        if (what === 'send' || what === 'image') sends += 1
        steps += 1
        if (what === 'send') doing.push(send(device, key))
        if (what === 'image') doing.push(sendImage(device, key))
        if (what === 'edit') doing.push(edit(target, `edited at ${steps}`))
        if (what === 'remove') doing.push(remove(target))
        if (what === 'read') doing.push(read(device, Math.max(0, device.last - below(20))))
        if (what === 'clear') doing.push(clear(device))
      }
      if (below(4) === 0) {
        faults.push(pick(['before', 'after', 'late'] as const))
      }
      if (steps * EVICTIONS >= evictions * STEPS + STEPS / 2 && evictions < EVICTIONS) {
        evictions += 1
        // Also while changes are being made.
        doing.push(evict())
      }
      while (steps * DISCONNECTS >= disconnects * STEPS + STEPS / 2 && disconnects < DISCONNECTS) {
        disconnects += 1
        doing.push(pick(devices).disconnect())
      }
      await Promise.all(doing)
      // Some come back at once, some miss more.
      for (const device of devices) if (below(2)) await device.connect()
      if (steps >= (settled * STEPS) / 8) {
        settled += 1
        sends += 1
        await settle()
      }
    }
    await settle()
    sends += 1

    expect([disconnects, evictions]).toEqual([DISCONNECTS, EVICTIONS])
    expect(failed.before).toBeGreaterThan(20)
    expect(failed.after).toBeGreaterThan(20)
    const log = await stored<{ seq: number; kind: string }>('select seq, kind from changes order by seq')
    expect(log.map(({ seq }) => seq)).toEqual(log.map((_, i) => i + 1))
    const made = log.filter(({ kind }) => kind === 'message').length
    expect([made, sent.size, new Set(sent.values()).size]).toEqual([sends, sends, sends])

    // One that is further behind than is replayed is told to read the pages, and goes on from the newest change.
    const late = await listen(bob, alice, { since: 0 })
    await late.until('resync')
    expect(late.all('ready').at(-1)).toMatchObject({ seq: log.length })
    const [counts] = await stored(
      `select messages_count = (select count(*) from messages where id > cleared_to) as messages,
        last_message_id = (select max(id) from messages where id > cleared_to) as last,
        unread_a = (select count(*) from messages where sender_id = user_b and seq > read_a) as a,
        unread_b = (select count(*) from messages where sender_id = user_a and seq > read_b) as b from conversations`,
    )
    expect(counts).toEqual({ messages: 1, last: 1, a: 1, b: 1 })
  }, 120_000)
})
