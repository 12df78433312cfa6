/** Starts the Worker with `wrangler dev` and a separate database, for scripts that call it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { openSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { migrateLocal } from './migrate.ts'
import { WRANGLER } from './wrangler.ts'

const START_LIMIT_MS = 90_000

export interface LocalServer {
  origin: string
  /** Its output so far. */
  said: () => string
  stop: () => Promise<void>
}

/** `state` is the folder of its data. `prepare` may add data once the tables exist. */
export async function startLocal(state: string, prepare: () => void = () => undefined): Promise<LocalServer> {
  migrateLocal(state)
  prepare()
  const port = await freePort()
  const log = join(state, 'log')
  const output = openSync(log, 'a')
  const child = spawn(
    process.execPath,
    // biome-ignore format: options and their values
    [WRANGLER, 'dev', '--port', String(port), '--inspector-port', '0', '--persist-to', state,
      '--var', 'JWT_SECRET:of-a-session-that-nobody-else-is-in'],
    // A separate process group, so that everything it started ends with it.
    { stdio: ['ignore', output, output], detached: true },
  )
  const server = {
    origin: `http://localhost:${port}`,
    said: () => readFileSync(log, 'utf8'),
    stop: () => stop(child),
  }
  const deadline = Date.now() + START_LIMIT_MS
  while (!(await answers(server.origin))) {
    if (child.exitCode !== null || Date.now() > deadline) {
      await stop(child)
      throw new Error(`wrangler dev did not start:\n${server.said()}`)
    }
    await new Promise((resolve) => setTimeout(resolve, 250))
  }
  return server
}

async function answers(origin: string): Promise<boolean> {
  try {
    return (await fetch(`${origin}/posts/`)).ok
  } catch {
    return false
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null) return
  const ended = new Promise((resolve) => child.once('exit', resolve))
  process.kill(-child.pid, 'SIGTERM')
  await ended
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.on('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      const port = typeof address === 'object' ? address?.port : undefined
      probe.close(() => (port === undefined ? reject(new Error('no free port')) : resolve(port)))
    })
  })
}
