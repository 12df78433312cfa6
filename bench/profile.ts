/**
 * Where our own CPU time goes. A request is replayed with the answers that D1 gave the first time, so that only our time remains, and the inspector's
 * sampling profiler attributes it to files. Time in the runtime (JSON, headers, a log line) is attributed to its caller.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect, send } from './load.ts'
import type { Route } from './routes.ts'
import { build, serve } from './server.ts'
import { WORK } from './settings.ts'

export interface Profile {
  name: string
  /** Microseconds of CPU for each request, by package or file. */
  parts: Record<string, number>
  total: number
}

/** Runs in front of the built Worker: a request with `x-replay: n` runs once with D1 and then n times without. */
const SOURCE = `
import worker, { Conversation } from './index.js'
export { Conversation }
export default {
  async fetch(request, env, context) {
    const times = Number(request.headers.get('x-replay'))
    const body = request.body ? await request.arrayBuffer() : undefined
    const headers = new Headers(request.headers)
    headers.delete('x-replay')
    const again = () => new Request(request.url, { method: request.method, headers, body })
    const answers = []
    const database = (session) => ({ withSession: () => session })
    const session = env.DB.withSession('first-primary')
    const recording = {
      prepare: (sql) => session.prepare(sql),
      getBookmark: () => session.getBookmark(),
      async batch(statements) {
        const answer = await session.batch(statements)
        answers.push(JSON.stringify(answer))
        return answer
      },
    }
    const first = await worker.fetch(again(), { ...env, DB: database(recording) }, context)
    if (!first.ok) return first
    let asked = 0
    const statement = { bind: () => statement }
    const replaying = {
      prepare: () => statement,
      getBookmark: () => '0-0',
      batch: async () => JSON.parse(answers[asked++ % answers.length]),
    }
    const replay = { ...env, DB: database(replaying) }
    for (let i = 0; i < times; i++) await (await worker.fetch(again(), replay, context)).arrayBuffer()
    return new Response()
  },
}`

interface Sampled {
  nodes: {
    id: number
    children?: number[]
    callFrame: { functionName: string; url: string; lineNumber: number }
  }[]
  samples: number[]
  timeDeltas: number[]
}

export async function measureProfiles(data: string, routes: Route[], times: number): Promise<Profile[]> {
  const bundle = build('profiled', 'wrangler.toml', WORK, [])
  const parts = partsByLine(readFileSync(join(bundle, 'index.js'), 'utf8'))
  const server = await serve(bundle, { data, main: { name: 'replay.js', source: SOURCE }, inspectorPort: 0 })
  const inspector = await inspect(await server.miniflare.getInspectorURL())
  const agent = connect()
  const replay = async (route: Route, count: number) => {
    const call = route.next({ connection: 0, made: 0, body: Buffer.alloc(0) })
    const headers = { ...call.headers, 'x-replay': String(count) }
    const { status, body } = await send(server.port, agent, { ...call, headers })
    if (status !== 200) throw new Error(`${call.method} ${call.path}: ${status} ${body}`)
  }
  try {
    const profiles: Profile[] = []
    for (const route of routes) {
      await replay(route, times)
      await inspector.ask('Profiler.start')
      const before = server.cpu()
      // A route with several steps can run its first step only once.
      if (route.steps)
        await replay({ ...route, next: (place) => route.next({ ...place, connection: 1 }) }, times)
      else await replay(route, times)
      const total = (server.cpu() - before) / times
      const { profile } = (await inspector.ask('Profiler.stop')) as { profile: Sampled }
      profiles.push({ name: route.name, ...shares(profile, parts, total) })
    }
    return profiles
  } finally {
    inspector.close()
    await server.stop()
  }
}

/** An unminified bundle says where its parts come from. Returns the package or file of each line. */
function partsByLine(source: string): string[] {
  let part = 'the bundle'
  return source.split('\n').map((line) => {
    const file = /^\/\/ (\S+\.(?:[cm]?js|ts))$/.exec(line)?.[1]
    if (file) part = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? /src\/.*/.exec(file)?.[0] ?? part
    return part
  })
}

/** Attributes the CPU time of each sample to the nearest function of the bundle on its stack. */
function shares(
  { nodes, samples, timeDeltas }: Sampled,
  parts: string[],
  total: number,
): Omit<Profile, 'name'> {
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const parents = new Map(
    nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id] as const)),
  )
  const found: Record<string, number> = {}
  let sampled = 0
  samples.forEach((sample, i) => {
    let [part, id]: [string | undefined, number | undefined] = [undefined, sample]
    while (part === undefined && id !== undefined) {
      const frame = byId.get(id)?.callFrame
      if (frame?.functionName === '(idle)') return
      if (frame?.functionName === '(garbage collector)') part = 'collecting garbage'
      else if (frame?.url.endsWith('index.js')) part = parts[frame.lineNumber]
      else if (frame?.url.endsWith('replay.js')) part = 'the replay itself'
      id = parents.get(id)
    }
    const time = timeDeltas[i] ?? 0
    found[part ?? 'the runtime'] = (found[part ?? 'the runtime'] ?? 0) + time
    sampled += time
  })
  return {
    total,
    parts: Object.fromEntries(Object.entries(found).map(([part, time]) => [part, (time / sampled) * total])),
  }
}

/** The necessary part of the protocol https://chromedevtools.github.io/devtools-protocol/. */
async function inspect(url: URL) {
  const targets = (await (await fetch(`http://${url.host}/json/list`)).json()) as {
    id: string
    webSocketDebuggerUrl: string
  }[]
  const target = targets.find(({ id }) => id.includes('bench'))
  if (!target) throw new Error('The runtime shows no Worker to profile.')
  const socket = new WebSocket(target.webSocketDebuggerUrl)
  const waiting = new Map<number, (result: unknown) => void>()
  let asked = 0
  socket.onmessage = ({ data }) => {
    const { id, result } = JSON.parse(String(data))
    waiting.get(id)?.(result)
  }
  await new Promise((resolve) => {
    socket.onopen = resolve
  })
  const ask = (method: string, params: object = {}): Promise<unknown> =>
    new Promise((resolve) => {
      const id = ++asked
      waiting.set(id, resolve)
      socket.send(JSON.stringify({ id, method, params }))
    })
  await ask('Profiler.enable')
  await ask('Profiler.setSamplingInterval', { interval: 200 })
  return { ask, close: () => socket.close() }
}
