/**
 * Runs the session that README.md shows, "Try it", against `wrangler dev` with an empty database: each of its curl commands must
 * answer with the status that the text before it promises in parentheses.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const SECTION = /^## Try it\n([\s\S]*?)^## /m
const PROMISE_OR_COMMANDS = /\((\d{3})\)|^```sh\n([\s\S]*?)^```/gm
const ORIGIN = 'http://localhost:8787'
const START_LIMIT = 90_000

const WRANGLER = 'node_modules/wrangler/bin/wrangler.js'

const { promised, commands } = readSession()
const directory = mkdtempSync(join(tmpdir(), 'readme-session-'))
const server = await start(directory)
try {
  const answered = runSession(server.origin)
  const isKept = answered.length > 0 && answered.join() === promised.join()
  console.log(`README promises ${promised.join(', ')}; the server answered ${answered.join(', ')}.`)
  if (!isKept) {
    console.error(readFileSync(server.log, 'utf8'))
    process.exitCode = 1
  }
} finally {
  await stop(server.process)
  rmSync(directory, { recursive: true, force: true })
}

function readSession() {
  const [, section] = SECTION.exec(readFileSync('README.md', 'utf8')) ?? []
  if (section === undefined) throw new Error('README.md has no section "Try it"')
  const parts = [...section.matchAll(PROMISE_OR_COMMANDS)]
  return {
    promised: parts.flatMap(([, status]) => status ?? []),
    commands: parts.flatMap(([, , block]) => block ?? []).join(''),
  }
}

/** The statuses of its curl commands, in order. */
function runSession(origin: string): string[] {
  const statuses = join(directory, 'statuses')
  const script = `
    set -euo pipefail
    curl() { command curl "$@" --write-out '%{stderr}%{http_code}\\n' 2>>'${statuses}'; echo; }
    ${commands.replaceAll(ORIGIN, origin)}`
  const { status } = spawnSync('bash', ['-c', script], { stdio: 'inherit' })
  if (status !== 0) console.error(`The session ended with ${status}.`)
  return readFileSync(statuses, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
}

async function start(state: string) {
  const place = ['--local', '--persist-to', state]
  const migrated = spawnSync(process.execPath, [WRANGLER, 'd1', 'migrations', 'apply', 'DB', ...place], {
    encoding: 'utf8',
  })
  if (migrated.status !== 0) throw new Error(`The migrations failed:\n${migrated.stdout}${migrated.stderr}`)

  const port = await freePort()
  const log = join(state, 'log')
  const output = openSync(log, 'a')
  const secret = 'JWT_SECRET:of-a-session-that-nobody-else-is-in'
  const child = spawn(
    process.execPath,
    // biome-ignore format: options and their values
    [WRANGLER, 'dev', '--port', String(port), '--inspector-port', '0', '--persist-to', state, '--var', secret],
    // A group of its own, so that it ends with all that it started.
    { stdio: ['ignore', output, output], detached: true },
  )
  const origin = `http://localhost:${port}`
  const deadline = Date.now() + START_LIMIT
  while (!(await answers(origin))) {
    if (child.exitCode !== null || Date.now() > deadline) {
      await stop(child)
      throw new Error(`wrangler dev did not start:\n${readFileSync(log, 'utf8')}`)
    }
    await new Promise((resolve) => setTimeout(resolve, 250))
  }
  return { process: child, origin, log }
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
