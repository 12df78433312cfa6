/**
 * Runs the session that README.md shows, "Try it", against `wrangler dev` with an empty database: each of its curl commands must
 * answer with the status that the text before it promises in parentheses.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startLocal } from './local-server.ts'

const SECTION = /^## Try it\n([\s\S]*?)^## /m
const PROMISE_OR_COMMANDS = /\((\d{3})\)|^```sh\n([\s\S]*?)^```/gm
const ORIGIN = 'http://localhost:8787'

const { promised, commands } = readSession()
const directory = mkdtempSync(join(tmpdir(), 'readme-session-'))
const server = await startLocal(directory)
try {
  const answered = runSession(server.origin)
  const isKept = answered.length > 0 && answered.join() === promised.join()
  console.log(`README promises ${promised.join(', ')}; the server answered ${answered.join(', ')}.`)
  if (!isKept) {
    console.error(server.said())
    process.exitCode = 1
  }
} finally {
  await server.stop()
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
