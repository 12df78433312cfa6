/**
 * Runs the session under "Try it" in README.md against `wrangler dev`, before and after `npm run seed`. Each curl command must answer with the status
 * that the preceding text gives in parentheses.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type LocalServer, startLocal } from './local-server.ts'

const SECTION = /^## Try it\n([\s\S]*?)^## /m
const PROMISE_OR_COMMANDS = /\((\d{3})\)|^```sh\n([\s\S]*?)^```/gm
const ORIGIN = 'http://localhost:8787'
const STATUSES = 'statuses'

const { promised, commands } = readSession()
await inOrder('The session, then the seed', (server, state) => [
  runSession(server.origin, state),
  seed(state),
])
await inOrder('The seed, then the session', (server, state) => [
  seed(state),
  runSession(server.origin, state),
])

/** Runs the session and the seed in this order on a new database. Both must work, and keep what the other created. */
async function inOrder(name: string, doBoth: (server: LocalServer, state: string) => void): Promise<void> {
  const state = mkdtempSync(join(tmpdir(), 'readme-session-'))
  const server = await startLocal(state)
  try {
    doBoth(server, state)
    const answered = statusesIn(state)
    const isKept = answered.length > 0 && answered.join() === promised.join()
    const [posts, people] = [
      await count(server, 'search=first+light,ada'),
      await count(server, 'search=alice'),
    ]
    console.log(
      `${name}: README promises ${promised.join(', ')}; the server answered ${answered.join(', ')}.`,
    )
    if (isKept && posts > 0 && people > 0) return
    console.error(`${server.said()}\n${posts} posts of the session, ${people} of the seed.`)
    process.exitCode = 1
  } finally {
    await server.stop()
    rmSync(state, { recursive: true, force: true })
  }
}

function seed(state: string): void {
  const { status, stderr } = spawnSync(process.execPath, ['scripts/seed.ts', '5', '--persist-to', state], {
    encoding: 'utf8',
  })
  if (status === 0) return
  console.error(`The seed ended with ${status}: ${stderr}`)
  process.exitCode = 1
}

async function count({ origin }: LocalServer, query: string): Promise<number> {
  const answer = await fetch(`${origin}/posts/?${query}`)
  const page = (await answer.json()) as { count: number }
  return page.count
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

/** Writes the statuses of the curl commands, in order, into a file. */
function runSession(origin: string, state: string): void {
  const script = `
    set -euo pipefail
    curl() { command curl "$@" --write-out '%{stderr}%{http_code}\\n' 2>>'${join(state, STATUSES)}'; echo; }
    ${commands.replaceAll(ORIGIN, origin)}`
  const { status } = spawnSync('bash', ['-c', script], { stdio: 'inherit' })
  if (status !== 0) console.error(`The session ended with ${status}.`)
}

function statusesIn(state: string): string[] {
  const lines = readFileSync(join(state, STATUSES), 'utf8').split('\n')
  return lines.filter((line) => line !== '')
}
