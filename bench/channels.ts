/**
 * `npm run bench:channels`: a thousand people, each with an open channel socket, write to each other in pairs for two minutes. Each socket must
 * receive each message once and in order, and the runtime's memory must not grow.
 *
 *   npm run bench:channels -- --people 1000 --seconds 120 --events 200
 */
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { fill } from './fill.ts'
import { connect, send, spread } from './load.ts'
import { build, type Server, serve } from './server.ts'
import { FULL, WORK } from './settings.ts'
import { accessOf } from './world.ts'

const { values } = parseArgs({
  options: {
    people: { type: 'string', default: '1000' },
    seconds: { type: 'string', default: '120' },
    /** Message frames sent a second. Each message goes to two people. */
    events: { type: 'string', default: '200' },
  },
})
const [PEOPLE, SECONDS, EVENTS] = [values.people, values.seconds, values.events].map(Number) as [
  number,
  number,
  number,
]
/** The first id after those that the ordinary data uses. */
const FIRST = 1_001
const SENDERS = 16
const TICK_MS = 50
const SAMPLE_MS = 5_000
const PING_MS = 15_000

interface Person {
  id: number
  socket: WebSocket
  /** The seqs of messages, in the order of arrival. */
  told: number[]
  sentAt: Map<string, number>
}

rmSync(WORK, { recursive: true, force: true })
mkdirSync(WORK, { recursive: true })
const data = join(WORK, 'data')
const bundle = build('ours', 'wrangler.toml', WORK)
await fill(bundle, data, {
  ...FULL.sizes,
  people: FIRST + PEOPLE,
  messages: 0,
  posts: 100,
  likes: 0,
  comments: 0,
  follows: 0,
})
const server = await serve(bundle, { data })
const mean = (numbers: number[]) => numbers.reduce((sum, one) => sum + one, 0) / Math.max(1, numbers.length)
const times: number[] = []
try {
  const people: Person[] = []
  for (let id = FIRST; id < FIRST + PEOPLE; id += 50)
    people.push(...(await Promise.all(Array.from({ length: 50 }, (_, i) => listen(server, id + i)))))
  const pings = setInterval(() => {
    for (const { socket } of people) socket.send('ping')
  }, PING_MS)
  const memory: number[] = []
  const samples = setInterval(() => memory.push(memoryOf(server)), SAMPLE_MS)
  const expected = await write(server, people)
  clearInterval(pings)
  clearInterval(samples)
  await new Promise((done) => setTimeout(done, 3_000))
  const wanted = expected.reduce((sum, messages) => sum + 2 * messages, 0)
  const lost = people.reduce(
    (sum, { told }, i) => sum + Math.max(0, (expected[i >> 1] ?? 0) - new Set(told).size),
    0,
  )
  const doubled = people.reduce((sum, { told }) => sum + told.length - new Set(told).size, 0)
  const disordered = people.filter(({ told }) =>
    told.some((seq, i) => i > 0 && seq < (told[i - 1] ?? 0)),
  ).length
  // Skips the warm-up.
  const steady = memory.slice(Math.floor(memory.length / 4))
  const half = Math.ceil(steady.length / 2)
  const [before, after] = [mean(steady.slice(0, half)), mean(steady.slice(half))]
  const { p50, p99 } = spread(times)
  console.log(
    JSON.stringify({
      people: PEOPLE,
      seconds: SECONDS,
      eventsPerSecond: Math.round(wanted / SECONDS),
      events: wanted,
      lost,
      doubled,
      disordered,
      deliveryMs: { p50: Number(p50.toFixed(1)), p99: Number(p99.toFixed(1)) },
      memoryMb: {
        before: Math.round(before),
        after: Math.round(after),
        growth: `${((after / before - 1) * 100).toFixed(1)} %`,
      },
    }),
  )
  if (lost + doubled + disordered > 0 || after > before * 1.1) process.exitCode = 1
} finally {
  await server.stop()
  rmSync(WORK, { recursive: true, force: true })
}
process.exit()

async function listen({ port }: Server, id: number): Promise<Person> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/live`, ['bearer', accessOf(id)])
  const person: Person = { id, socket, told: [], sentAt: new Map() }
  await new Promise<void>((ready, reject) => {
    socket.onclose = ({ code }) => reject(new Error(`closed with ${code}`))
    socket.onmessage = ({ data }) => {
      if (data === 'pong') return
      const frame = JSON.parse(String(data))
      if (frame.type === 'ready') ready()
      if (frame.type !== 'conversation') return
      person.told.push(frame.event.seq)
      const sent = person.sentAt.get(frame.event.message.content)
      if (sent !== undefined) times.push(performance.now() - sent)
    }
  })
  return person
}

/** Pairs take turns writing to each other at the requested rate. Returns how many messages each pair has stored. */
async function write({ port }: Server, people: Person[]): Promise<number[]> {
  const stored = people.slice(people.length / 2).map(() => 0)
  const agents = Array.from({ length: SENDERS }, connect)
  const until = performance.now() + SECONDS * 1_000
  const started = performance.now()
  const under: Promise<void>[] = []
  for (let sent = 0; performance.now() < until; ) {
    const due = Math.floor(((performance.now() - started) / 1_000) * (EVENTS / 2))
    for (; sent < due; sent++) {
      const pair = sent % stored.length
      const [from, to] = [people[2 * pair], people[2 * pair + 1]]
      const agent = agents[sent % SENDERS]
      if (!from || !to || !agent) throw new Error('there is nobody')
      const content = `message ${sent}`
      to.sentAt.set(content, performance.now())
      const call = {
        method: 'POST',
        path: `/messages/${to.id}/send/`,
        headers: { authorization: `Bearer ${accessOf(from.id)}`, 'content-type': 'application/json' },
        body: Buffer.from(JSON.stringify({ content })),
      }
      under.push(
        send(port, agent, call).then(({ status, body }) => {
          if (status !== 201) throw new Error(`${status} ${body}`)
          stored[pair] = (stored[pair] ?? 0) + 1
        }),
      )
    }
    await new Promise((done) => setTimeout(done, TICK_MS))
  }
  await Promise.all(under)
  for (const agent of agents) agent.destroy()
  return stored
}

/** The runtime's memory in MB. */
function memoryOf({ pid }: Server): number {
  const [, kilobytes = '0'] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kilobytes) / 1024
}
