/** How long a message takes to the other person's socket, and how many messages one conversation handles a second. */
import { connect, measure, send, spread } from './load.ts'
import { type Call, CONTENT, message, type Route } from './routes.ts'
import type { Server } from './server.ts'
import { accessOf, FRIENDS, VIEWER } from './world.ts'

export interface Delivery {
  p50: number
  p99: number
}

export interface Live {
  /** `stored`: delivered by a bare object that inserts into D1 first. */
  delivery: { ours: Delivery; channel?: Delivery; limit: Delivery; stored: Delivery }
  /**
   * Messages a second in one conversation, by number of connections. `limit` inserts each message separately, without an object. `perCall` is how
   * many of our messages share a D1 call.
   */
  busy: Record<number, { ours: number; limit: number; perCall: number }>
}

const FRIEND = FRIENDS[0] ?? 0
const WARM = 20

const BUSY = [16, 64]
const route = (name: string, call: Call): Route => ({ name, kind: 'write', next: () => call })
const ours = route('busy', message(FRIEND))

/** How many messages in one conversation share a D1 call, by number of connections. */
export async function measureSharing(recorder: Server, seconds: number): Promise<Record<number, number>> {
  const sharing: Record<number, number> = {}
  const agent = connect()
  const recorded = async () => {
    const { body } = await send(recorder.port, agent, { method: 'GET', path: '/recorded', headers: {} })
    return (JSON.parse(body.toString()) as unknown[]).length
  }
  for (const connections of BUSY) {
    await recorded()
    const { requests } = await measure(recorder, ours, connections, seconds, 0)
    sharing[connections] = requests / (await recorded())
  }
  agent.destroy()
  return sharing
}

export async function measureLive(
  server: Server,
  limit: Server,
  sharing: Record<number, number>,
  seconds: number,
): Promise<Live> {
  const messages = Math.max(50, Math.round(seconds * 400))
  const echo = (path: string): Call => ({ method: 'POST', path, headers: {}, body: Buffer.from(CONTENT) })
  const path = `/messages/${VIEWER}/live`
  const delivery = {
    ours: await deliver(server, path, ['bearer', accessOf(FRIEND)], message(FRIEND), messages),
    channel: await deliver(server, '/live', ['bearer', accessOf(FRIEND)], message(FRIEND), messages),
    limit: await deliver(limit, '/echo', [], echo('/echo'), messages),
    stored: await deliver(limit, '/echo', [], echo('/echo/stored'), messages),
  }
  const body = Buffer.from(JSON.stringify({ sender: VIEWER, content: CONTENT }))
  const headers = { 'content-type': 'application/json' }
  const theirs = route('insert', { method: 'POST', path: '/insert', headers, body })
  const busy: Live['busy'] = {}
  for (const connections of BUSY) {
    const mine = await measure(server, ours, connections, seconds * 2, 0)
    const other = await measure(limit, theirs, connections, seconds * 2, 0)
    busy[connections] = { ours: mine.perSecond, limit: other.perSecond, perCall: sharing[connections] ?? 1 }
  }
  return { delivery, busy }
}

/** Measures from one person's request to the frame at the other's socket, one message after the other. */
async function deliver(
  server: Server,
  path: string,
  protocols: string[],
  call: Call,
  messages: number,
): Promise<Delivery> {
  const socket = new WebSocket(`ws://127.0.0.1:${server.port}${path}`, protocols)
  let arrived: (() => void) | undefined
  socket.onmessage = ({ data }) => {
    if (String(data).includes(CONTENT)) arrived?.()
  }
  await new Promise((resolve, reject) => {
    socket.onopen = resolve
    socket.onerror = () => reject(new Error(`${path} does not open.`))
  })
  const agent = connect()
  const times: number[] = []
  for (let i = 0; i < messages + WARM; i++) {
    const started = performance.now()
    const frame = new Promise<void>((resolve) => {
      arrived = resolve
    })
    await Promise.all([
      frame.then(() => times.push(performance.now() - started)),
      send(server.port, agent, call),
    ])
  }
  agent.destroy()
  socket.close()
  return spread(times.slice(WARM))
}
