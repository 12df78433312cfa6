/** How long a message takes to the other person's socket, and how many one conversation takes a second. */
import { connect, measure, send, spread } from './load.ts'
import { type Call, CONTENT, message, type Route } from './routes.ts'
import type { Server } from './server.ts'
import { accessOf, FRIENDS, VIEWER } from './world.ts'

export interface Delivery {
  p50: number
  p99: number
}

export interface Live {
  delivery: { ours: Delivery; limit: Delivery }
  /** Messages a second to one conversation, by number of connections; `limit` inserts each by itself, without an object. */
  busy: Record<number, { ours: number; limit: number }>
}

const FRIEND = FRIENDS[0] ?? 0
const WARM = 20

export async function measureLive(ours: Server, limit: Server, seconds: number): Promise<Live> {
  const messages = Math.max(50, Math.round(seconds * 400))
  const echo: Call = { method: 'POST', path: '/echo', headers: {}, body: Buffer.from(CONTENT) }
  const delivery = {
    ours: await deliver(
      ours,
      `/messages/${VIEWER}/live`,
      ['bearer', accessOf(FRIEND)],
      message(FRIEND),
      messages,
    ),
    limit: await deliver(limit, '/echo', [], echo, messages),
  }
  const route = (name: string, call: Call): Route => ({ name, kind: 'write', next: () => call })
  const insert = Buffer.from(JSON.stringify({ sender: VIEWER, content: CONTENT }))
  const theirs = route('insert', {
    method: 'POST',
    path: '/insert',
    headers: { 'content-type': 'application/json' },
    body: insert,
  })
  const busy: Live['busy'] = {}
  for (const connections of [16, 64]) {
    const mine = await measure(ours, route('busy', message(FRIEND)), connections, seconds * 2, 0)
    const other = await measure(limit, theirs, connections, seconds * 2, 0)
    busy[connections] = { ours: mine.perSecond, limit: other.perSecond }
  }
  return { delivery, busy }
}

/** From the request of one to the frame at the other, one message after the other. */
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
