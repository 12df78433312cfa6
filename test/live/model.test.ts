/**
 * Four people, two devices each, and everything that can go wrong between objects: calls that are lost, sockets that drop, objects that are evicted
 * or killed, D1 out of reach. In the end every device knows exactly what a fresh GET says.
 *
 * `npm run chaos -- --live 2000` takes as many steps; `--seed` repeats a run that failed.
 */
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { expect, it, vi } from 'vitest'
import type { PersonChannel } from '../../src/live/object/person-channel'
import type { Conversation } from '../../src/messaging/object/conversation'
import { type Answer, type Person, signUp } from '../client'
import { ask } from '../failures/ask'
import { faultyStores } from '../failures/faults'
import { breakDb, type Fault } from '../faulty-db'
import { random } from '../fixtures/random'
import { comparable, type Known } from '../messages/device'
import { conversationOf } from '../sockets'
import { type CallFault, channelOf, faultyChannels, loseCalls } from './channel'
import { Device, keyOf } from './device'

const STEPS = Number(env.LIVE_STEPS) || 300
const DROPS = STEPS / 10
const EVICTIONS = STEPS / 20
const SEED = Number(env.CHAOS_SEED) || Math.floor(Date.now() / 86_400_000)

const { below, pick, weighted } = random(SEED)
const people = await Promise.all(['alice', 'bob', 'carol', 'dave'].map((name) => signUp(name)))
const pairs = people.flatMap((one, i) => people.slice(i + 1).map((other) => [one, other] as const))
const devices = people.flatMap((person) => [new Device(person), new Device(person)])

const done = { drops: 0, evictions: 0, kills: 0, lostCalls: 0, lostAnswers: 0, d1: 0 }
let isCalm = true

/** One call in eight is lost, or its answer. */
function callFault(): CallFault | undefined {
  if (isCalm || below(8) > 0) return undefined
  const fault = pick(['before', 'before', 'after'] as const)
  done[fault === 'before' ? 'lostCalls' : 'lostAnswers'] += 1
  return fault
}
function d1Fault(): Fault | undefined {
  if (isCalm || below(3) > 0) return undefined
  done.d1 += 1
  return pick(['before', 'after', 'late'] as const)
}

/** New objects have stores that work. */
async function breakConversation(one: Person, other: Person): Promise<void> {
  await loseCalls(one, other, callFault)
}
const breakChannel = (person: Person) => breakDb(channelOf(person), d1Fault)

/** Ends an object's memory, gracefully or not. */
async function end(stub: DurableObjectStub<Conversation> | DurableObjectStub<PersonChannel>): Promise<void> {
  if (below(4) === 0) {
    done.kills += 1
    await runInDurableObject(stub as DurableObjectStub<Conversation>, (_, state) => {
      state.abort('killed')
    }).catch(() => {})
  } else {
    done.evictions += 1
    const webSockets = pick(['hibernate', 'hibernate', 'close'] as const)
    await evictDurableObject(stub, { webSockets }).catch(() => {})
  }
}

async function evict(): Promise<void> {
  const [one, other] = pick(pairs)
  const person = pick(people)
  await (below(2) ? end(conversationOf(one, other)) : end(channelOf(person)))
  await breakConversation(one, other).catch(() => {})
  await breakChannel(person).catch(() => {})
}

/** A request whose calls to channels may be lost, until the service is there. */
async function persist(person: Person, method: string, path: string, body: object | undefined, key?: string) {
  for (let attempt = 1; attempt <= 20; attempt++) {
    const stores = faultyStores()
    const bindings = { ...stores.bindings, ...faultyChannels(callFault) }
    const call = { method, path, headers: person.headers, ...(body && { body }) }
    const answer = await ask(call, key, { ...stores, bindings })
    if (answer.status !== 503) return answer
  }
  throw new Error(`never available: ${method} ${path}`)
}

/** The ids of messages, by whom and to whom. */
const sent = new Map<number, { from: Person; to: Person }>()

async function send(device: Device, to: Person, key: string): Promise<void> {
  const { person } = device
  const content = `message ${key}`
  const socket = device.free
  if (socket && below(2)) {
    socket.send({ type: 'send', to: to.id, content, key })
    const answer = () => [...socket.all('sent'), ...socket.all('error')].find((one) => one.key === key)
    await vi.waitUntil(() => answer() ?? socket.isClosed(), { timeout: 5_000, interval: 5 }).catch(() => {})
    const found = answer()
    if (found?.type === 'sent') sent.set(found.message.id, { from: person, to })
    if (found?.type === 'sent' && below(10)) return
  }
  const { status, body } = await persist(person, 'POST', `/messages/${to.id}/send/`, { content }, key)
  expect(status, JSON.stringify(body)).toBe(201)
  sent.set(body.id, { from: person, to })
}

async function read(device: Device, to: Person): Promise<void> {
  const up_to = Math.max(0, device.thread(to.id).have - below(5))
  const socket = device.free
  if (socket && below(2)) return socket.send({ type: 'read', to: to.id, up_to })
  await persist(device.person, 'POST', `/messages/${to.id}/read/`, { up_to })
}

async function change(method: 'PATCH' | 'DELETE', id: number): Promise<void> {
  const { from } = sent.get(id) ?? {}
  if (!from) return
  const path = `/messages/${id}/${method === 'PATCH' ? 'update' : 'delete'}/`
  const { status } = await persist(from, method, path, method === 'PATCH' ? { content: `${id}!` } : undefined)
  expect([200, 204, 404]).toContain(status)
  if (method === 'DELETE') sent.delete(id)
}

/** A post of somebody, and a comment of another: one notification, which no other is like. */
async function comment(person: Person, to: Person, key: string): Promise<void> {
  const post = await persist(to, 'POST', '/posts/', { title: key }, `post ${key}`)
  const made = await persist(person, 'POST', '/comments/', { post: post.body.id, content: 'x' }, key)
  expect(made.status).toBe(201)
}

async function pagesOf<Row>(person: Person, first: string): Promise<Row[]> {
  const found: Row[] = []
  for (let next: string | null = first; next; ) {
    const { body }: Answer = await person.get(next)
    found.push(...body.results)
    next = body.next
  }
  return found
}

/** Nothing fails any more: the next look of each channel tells what is missing. */
async function settle(): Promise<void> {
  isCalm = true
  for (const device of devices) await device.connect()
  for (const person of people) {
    await evictDurableObject(channelOf(person)).catch(() => {})
    await runDurableObjectAlarm(channelOf(person))
  }
  const told = JSON.stringify
  for (const device of devices) {
    const { person } = device
    const totals = (await person.get('/notifications/unread/')).body
    const list: { id: number; seq: number; unread_count: number }[] = (await person.get('/messages/')).body
    await vi
      .waitUntil(
        async () =>
          (await device.mend()) &&
          list.every(({ id, seq }) => device.thread(id).have === seq) &&
          device.unreadMessages === totals.messages &&
          device.unread.notifications === totals.notifications,
        { timeout: 15_000, interval: 20 },
      )
      .catch(() => {})
    expect(device.problems).toEqual([])
    for (const other of people.filter((one) => one !== person)) {
      const thread = (
        await pagesOf<Parameters<typeof comparable>[0]>(person, `/messages/${other.id}/?cursor=`)
      ).map(comparable)
      const known: Known[] = [...device.thread(other.id).messages.values()].sort((a, b) => a.id - b.id)
      expect(known, `${person.username} with ${other.username}`).toEqual(thread)
    }
    for (const { id, seq, unread_count } of list)
      expect([device.thread(id).have, device.thread(id).unread]).toEqual([seq, unread_count])
    expect(device.unreadMessages).toBe(totals.messages)
    expect(told(device.unread.notifications)).toBe(told(totals.notifications))
    const notifications = await pagesOf<Parameters<typeof keyOf>[0]>(person, '/notifications/?page_size=100')
    expect([...device.notified].sort()).toEqual(notifications.map(keyOf).sort())
  }
  for (const [one, other] of pairs) await breakConversation(one, other)
  for (const person of people) await breakChannel(person)
  isCalm = false
}

it(
  `${STEPS} steps, ${DROPS} dropped sockets, with the seed ${SEED}`,
  async () => {
    for (const method of ['log', 'error'] as const) vi.spyOn(console, method).mockImplementation(() => {})
    await settle()
    let settled = 1
    for (let steps = 0; steps < STEPS; ) {
      const doing: Promise<void>[] = []
      for (let i = 1 + below(8); i > 0 && steps < STEPS; i--) {
        steps += 1
        const device = pick(devices)
        const to = pick(people.filter((one) => one !== device.person))
        const ids = [...sent.keys()]
        const target = ids[ids.length - 1 - below(Math.min(40, ids.length))] ?? 0
        switch (weighted({ send: 50, edit: 14, remove: 10, read: 18, comment: 7, clear: 1 })) {
          case 'send':
            doing.push(send(device, to, `key-${steps}`))
            break
          case 'edit':
            doing.push(change('PATCH', target))
            break
          case 'remove':
            doing.push(change('DELETE', target))
            break
          case 'read':
            doing.push(read(device, to))
            break
          case 'comment':
            doing.push(comment(device.person, to, `comment ${steps}`))
            break
          case 'clear':
            doing.push(persist(device.person, 'DELETE', `/chats/${to.id}/delete/`, undefined).then(() => {}))
        }
      }
      if (steps * EVICTIONS >= (done.evictions + done.kills) * STEPS) doing.push(evict())
      while (steps * DROPS >= done.drops * STEPS + STEPS && done.drops < DROPS) {
        done.drops += 1
        doing.push(pick(devices).drop())
      }
      await Promise.all(doing)
      // Some come back at once, some miss more.
      for (const device of devices) if (below(2)) await device.connect()
      for (const device of devices) if (below(3) === 0) await device.mend()
      if (steps >= (settled * STEPS) / 3) {
        settled += 1
        await settle()
      }
    }
    await settle()
    vi.restoreAllMocks()
    const replays = devices.reduce((sum, device) => sum + device.replays, 0)
    console.log(`Channels with the seed ${SEED}: ${JSON.stringify({ ...done, replays })}`)
    expect(done.drops).toBe(DROPS)
    for (const count of [done.evictions, done.kills, done.lostCalls, done.lostAnswers, done.d1, replays])
      expect(count).toBeGreaterThan(0)
  },
  60_000 + STEPS * 300,
)
