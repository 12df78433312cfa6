/** A real server for tests that run outside of the Workers pool: `wrangler dev` with a database and a bucket of its own. */
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface Server {
  url: string
  /** Where its database is, as scripts take it: `--persist-to`. */
  state: string
  stop: () => Promise<void>
}

const environment = { ...process.env, CI: 'true', WRANGLER_SEND_METRICS: 'false' }
const START_LIMIT = 60_000

/** Starts it on a free port. `vars` are added to those of wrangler.toml. */
export async function startServer(vars: Record<string, string> = {}): Promise<Server> {
  const state = mkdtempSync(join(tmpdir(), 'edge-social-api-'))
  const port = String(await freePort())
  const migrated = spawnSync(
    'wrangler',
    ['d1', 'migrations', 'apply', 'DB', '--local', '--persist-to', state],
    {
      env: environment,
      encoding: 'utf8',
    },
  )
  if (migrated.status !== 0) throw new Error(migrated.stderr + migrated.stdout)
  const all = {
    JWT_SECRET: 'a secret of the tests, long enough to be taken',
    CLIENT_ORIGINS: 'http://localhost:3000',
    // Many people sign up at this one address.
    LIMITS: '1000, hashes=off',
    ...vars,
  }
  const server = spawn(
    'wrangler',
    [
      ...['dev', '--port', port, '--persist-to', state, '--show-interactive-dev-session=false'],
      ...Object.entries(all).flatMap(([name, value]) => ['--var', `${name}:${value}`]),
    ],
    { env: environment, detached: true, stdio: ['ignore', 'pipe', 'pipe'] },
  )
  let output = ''
  server.stdout.on('data', (data) => {
    output += data
  })
  server.stderr.on('data', (data) => {
    output += data
  })
  const stop = async () => {
    // The whole group: wrangler starts the runtime as a process of its own.
    if (server.pid && server.exitCode === null) process.kill(-server.pid, 'SIGTERM')
    await new Promise((resolve) => setTimeout(resolve, 500))
    rmSync(state, { recursive: true, force: true, maxRetries: 5 })
  }
  const url = `http://localhost:${port}`
  for (const started = Date.now(); Date.now() - started < START_LIMIT; ) {
    const answer = await fetch(`${url}/posts/`).catch(() => undefined)
    if (answer?.ok) return { url, state, stop }
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  await stop()
  throw new Error(`The server did not start:\n${output}`)
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.listen(0, () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}
