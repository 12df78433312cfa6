/**
 * Deploys the Worker and its data, in an order in which each step works with the one before and the one after it:
 *
 *   npm run deploy                        the top-level Worker of wrangler.toml
 *   npm run deploy -- --env staging       staging, with its own data
 *   npm run deploy -- --env production
 *
 * Creates the database if there is none, migrates it, then uploads the code. A Worker without a JWT_SECRET gets one. All other options are those of
 * `wrangler deploy`.
 */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { unstable_readConfig as readConfig } from 'wrangler'
import { ASSETS, buildAssets } from './deploy-assets.ts'
import { migrate } from './migrate.ts'
import { wrangler, wranglerOrExit } from './wrangler.ts'

const given = process.argv.slice(2)
const { values } = parseArgs({
  args: given,
  options: { env: { type: 'string', short: 'e' }, 'dry-run': { type: 'boolean' } },
  strict: false,
  allowPositionals: true,
})
const env = typeof values.env === 'string' ? values.env : ''
// An empty name means the top level. Passing it keeps wrangler from asking which environment is meant.
const place = ['--env', env]

buildAssets()
if (values['dry-run'] !== true) {
  ensureDatabase()
  migrate('--remote', ...place)
}
const secrets = values['dry-run'] === true ? undefined : newSecrets()
try {
  const upload = ['--minify', '--assets', ASSETS, ...(secrets ? ['--secrets-file', secrets.file] : [])]
  wranglerOrExit('deploy', ...upload, ...(values.env === undefined ? place : []), ...given)
} finally {
  secrets?.remove()
}

function ensureDatabase(): void {
  const name = readConfig({ config: 'wrangler.toml', env }).d1_databases[0]?.database_name
  if (name === undefined) throw new Error('wrangler.toml names no database.')
  const found = run('d1', 'info', name, ...place)
  if (found.isDone) return
  // Not finding out is not the same as missing: without access or network, nothing is created.
  if (!/Couldn't find (a D1 )?DB/.test(found.said)) fail(found.said)
  const made = run('d1', 'create', name, ...place)
  if (!made.isDone) fail(made.said)
  console.log(`Made the database ${name}.`)
}

/** A file with the secrets that the Worker lacks, if any. */
function newSecrets(): { file: string; remove: () => void } | undefined {
  const listed = run('secret', 'list', '--format', 'json', ...place)
  if (!listed.isDone && !/does not exist|not found/i.test(listed.said)) fail(listed.said)
  if (listed.isDone && listed.said.includes('"JWT_SECRET"')) return undefined
  const directory = mkdtempSync(join(tmpdir(), 'secrets-'))
  const file = join(directory, 'secrets.json')
  writeFileSync(file, JSON.stringify({ JWT_SECRET: randomBytes(32).toString('base64url') }), { mode: 0o600 })
  console.log('The Worker gets a JWT_SECRET of its own, made just now.')
  return { file, remove: () => rmSync(directory, { recursive: true }) }
}

function run(...args: string[]): { isDone: boolean; said: string } {
  const { status, stdout, stderr } = wrangler(...args)
  return { isDone: status === 0, said: stdout + stderr }
}

function fail(said: string): never {
  console.error(said)
  process.exit(1)
}
