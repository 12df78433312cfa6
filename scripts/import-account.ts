/**
 * Imports an account that was exported elsewhere (`GET /export/`, docs/export.md):
 *
 *   npm run import-account -- export-7-account.zip [further parts] [--username ada]
 *
 * `--remote` selects the deployed database and bucket, `--env staging` those of another environment, `--persist-to <directory>` other local data, as
 * in wrangler. The owner signs in after a password reset, which verifies the email address.
 */
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { unstable_readConfig as readConfig } from 'wrangler'
import { fold } from '../src/db/text'
import { readExport } from './import-account/read'
import { importStatements } from './import-account/statements'
import { wrangler } from './wrangler'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    username: { type: 'string' },
    remote: { type: 'boolean', default: false },
    env: { type: 'string' },
    'persist-to': { type: 'string' },
  },
})

const place = values.remote ? ['--remote'] : ['--local']
if (values.env) place.push('--env', values.env)
if (values['persist-to']) place.push('--persist-to', values['persist-to'])
const folder = mkdtempSync(join(tmpdir(), 'import-account-'))
try {
  run()
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error))
  process.exitCode = 1
} finally {
  rmSync(folder, { recursive: true })
}

function run(): void {
  if (positionals.length === 0) throw new Error('Which files? npm run import-account -- <zip files>')
  const { exported, images } = readExport(positionals.map((path) => readFileSync(path)))
  const username = values.username ?? exported.account[0]?.username ?? ''
  const statements = importStatements(exported, username)
  const key = fold(username).replaceAll("'", "''")
  const taken = execute('--command', `select 1 from users where username_key = '${key}'`)
  if (taken[0]?.results.length !== 0) throw new Error(`${username} is taken: --username names another.`)

  // Images first, so that no row shows an image that does not exist.
  const [bucket] = readConfig({ config: 'wrangler.toml', ...(values.env && { env: values.env }) }).r2_buckets
  for (const [hash, bytes] of images) {
    if (createHash('sha256').update(bytes).digest('hex') !== hash)
      throw new Error('An image has come to harm.')
    const path = join(folder, hash)
    writeFileSync(path, bytes)
    check(
      'r2',
      'object',
      'put',
      `${bucket?.bucket_name}/${hash}`,
      '--file',
      path,
      '--content-type',
      typeOf(bytes),
      ...place,
    )
  }
  const path = join(folder, 'import.sql')
  writeFileSync(path, statements.map((statement) => `${statement};\n`).join(''))
  execute('--file', path)
  console.log(
    `${username}: ${exported.posts.length} posts, ${images.size} images and all that belongs to those who are here.`,
  )
}

function execute(...what: string[]): { results: unknown[] }[] {
  return JSON.parse(check('d1', 'execute', 'DB', '--json', '--yes', ...place, ...what))
}

function check(...args: string[]): string {
  const { status, stdout, stderr } = wrangler(...args)
  if (status !== 0) throw new Error(`wrangler ${args.slice(0, 3).join(' ')} failed:\n${stdout}${stderr}`)
  return stdout
}

/** Detects the type from the first bytes. An unknown type is served as one that browsers do not execute. */
function typeOf(bytes: Uint8Array): string {
  const head = Buffer.from(bytes.subarray(0, 12)).toString('latin1')
  if (head.startsWith('\xff\xd8')) return 'image/jpeg'
  if (head.startsWith('\x89PNG')) return 'image/png'
  if (head.startsWith('GIF8')) return 'image/gif'
  if (head.startsWith('RIFF')) return 'image/webp'
  if (head.slice(4, 8) === 'ftyp') return 'image/avif'
  throw new Error('A file below images/ is no image.')
}
