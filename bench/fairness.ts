/** Whether logins starve other requests: how much slower a cheap request becomes while many people log in, as a ratio within one run. */
import { connect, send, spread } from './load.ts'
import { type Call, routes } from './routes.ts'
import { ORIGIN, type Server } from './server.ts'

const LOGIN_LOOPS = 16
const PATHS = ['/health', '/posts/']
/** The ratio beyond which other people notice. */
export const MAX_RATIO = 3

export interface Fairness {
  path: string
  /** Medians, in milliseconds. */
  quiet: number
  busy: number
  /** Logins a second during the measurement. */
  logins: number
}

/** Requires the server's default limit of hashes, and that no other limit is reached. */
export async function measureFairness(server: Server, seconds: number): Promise<Fairness[]> {
  const results: Fairness[] = []
  for (const path of PATHS) {
    await median(server, path, 0.3)
    const quiet = await median(server, path, seconds)
    const logins = startLogins(server)
    await new Promise((resolve) => setTimeout(resolve, 500))
    const busy = await median(server, path, seconds * 4)
    results.push({ path, quiet, busy, logins: await logins.stop() })
  }
  return results
}

async function median(server: Server, path: string, seconds: number): Promise<number> {
  const agent = connect()
  const call: Call = { method: 'GET', path, headers: { host: new URL(ORIGIN).host } }
  const times: number[] = []
  const until = performance.now() + seconds * 1000
  while (performance.now() < until) {
    const sent = performance.now()
    const { status } = await send(server.port, agent, call)
    if (status !== 200) throw new Error(`${path}: ${status}`)
    times.push(performance.now() - sent)
    // Requests arrive at random times, as people's do. A loop that waits for each answer would keep step with the hashes.
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 20))
  }
  agent.destroy()
  return spread(times).p50
}

/** Starts loops that log in, each again as soon as it has its answer. */
function startLogins(server: Server): { stop: () => Promise<number> } {
  const login = routes('').find(({ name }) => name === 'login')
  if (!login) throw new Error('no login among the routes')
  let [isOver, done] = [false, 0]
  const started = performance.now()
  const loops = Array.from({ length: LOGIN_LOOPS }, async (_, connection) => {
    const agent = connect()
    while (!isOver) {
      const { status } = await send(
        server.port,
        agent,
        login.next({ connection, made: 0, body: Buffer.alloc(0) }),
      )
      if (status === 200) done += 1
      else if (status !== 503) throw new Error(`login: ${status}`)
    }
    agent.destroy()
  })
  return {
    stop: async () => {
      isOver = true
      await Promise.all(loops)
      return done / ((performance.now() - started) / 1000)
    },
  }
}
