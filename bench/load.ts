/** Sends requests over persistent connections, one at a time on each, and measures how long they take. */
import { Agent, request } from 'node:http'
import type { Call, Place, Route } from './routes.ts'
import type { Server } from './server.ts'

export interface Answer {
  status: number
  headers: Record<string, string | string[] | undefined>
  body: Buffer
}

export interface Timing {
  perSecond: number
  /** Milliseconds. */
  p50: number
  p99: number
  /** Microseconds of CPU that the runtime spends on a request, after deducting its idle use. */
  cpu: number
  requests: number
}

export const connect = () => new Agent({ keepAlive: true, maxSockets: 1 })

export function send(port: number, agent: Agent, { method, path, headers, body }: Call): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const length = body && { 'content-length': String(body.length) }
    const outgoing = request(
      { host: '127.0.0.1', port, agent, method, path, headers: { ...headers, ...length } },
      (incoming) => {
        const chunks: Buffer[] = []
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
        incoming.on('end', () =>
          resolve({
            status: incoming.statusCode ?? 0,
            headers: incoming.headers,
            body: Buffer.concat(chunks),
          }),
        )
        incoming.on('error', reject)
      },
    )
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}

/** Measures a route for some seconds on this many connections. Fails at the first error answer. */
export async function measure(
  server: Pick<Server, 'port' | 'cpu'>,
  route: Route,
  connections: number,
  seconds: number,
  idle: number,
): Promise<Timing> {
  const times: number[] = []
  const steps = route.steps ?? 1
  const cpu = server.cpu()
  const started = performance.now()
  const until = started + seconds * 1000
  await Promise.all(
    Array.from({ length: connections }, async (_, connection) => {
      const agent = connect()
      const place: Place = { connection, made: 0, body: Buffer.alloc(0) }
      while (performance.now() < until || place.made % steps !== 0) {
        const call = route.next(place)
        const sent = performance.now()
        const { status, body } = await send(server.port, agent, call)
        times.push(performance.now() - sent)
        if (status >= 400)
          throw new Error(`${call.method} ${call.path}: ${status} ${body.toString().slice(0, 300)}`)
        place.made += 1
        place.body = body
      }
      agent.destroy()
    }),
  )
  const elapsed = (performance.now() - started) / 1000
  return {
    ...spread(times),
    requests: times.length,
    perSecond: times.length / elapsed,
    cpu: (server.cpu() - cpu - idle * elapsed) / times.length,
  }
}

export function spread(times: number[]): { p50: number; p99: number } {
  times.sort((a, b) => a - b)
  const at = (share: number) =>
    times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? Number.NaN
  return { p50: at(0.5), p99: at(0.99) }
}

/** The runtime's CPU use in a second without requests, in microseconds. */
export async function idleCpu(server: Server): Promise<number> {
  const before = server.cpu()
  await new Promise((resolve) => setTimeout(resolve, 1000))
  return server.cpu() - before
}
