/**
 * How fast a dump is imported, backed up and restored, and how much memory that takes, compared with importing the same rows from CSV with `sqlite3`:
 *
 *   npm run bench:transfer             5,000 users, 50,000 posts, 100,000 likes, 50,000 messages
 *   npm run bench:transfer -- 4        four times as many
 */
import { execFileSync } from 'node:child_process'
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inventObjects, writeDump } from '../scripts/transfer/django/invent.ts'

const TABLES = ['users', 'posts', 'comments', 'likes', 'followers', 'conversations', 'messages', 'changes']

const factor = Number(process.argv[2] ?? 1)
const folder = mkdtempSync(join(tmpdir(), 'bench-transfer-'))
try {
  const dump = join(folder, 'dump.json')
  const size = { users: 5_000, posts: 50_000, likes: 100_000, messages: 50_000 }
  const objects = writeDump(
    dump,
    inventObjects({
      users: size.users * factor,
      posts: size.posts * factor,
      likes: size.likes * factor,
      messages: size.messages * factor,
    }),
  )
  console.log(
    `A dump of ${objects.toLocaleString('en')} objects, ${Math.round(readFileSync(dump).length / 1e6)} MB.`,
  )

  const [first, second, backup] = ['first', 'second', 'backup.gz'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ]
  for (const state of [first, second]) npm('migrate:local', '--persist-to', state)
  const imported = measured('import', dump, '--no-media', '--persist-to', first)
  measured('backup', backup, '--persist-to', first)
  const restored = measured('restore', backup, '--persist-to', second)
  const bare = bareImport(databaseOf(first))
  console.log(
    `sqlite3 .import: ${Math.round(bare).toLocaleString('en')} rows a second, with the same indexes.`,
  )
  console.log(`import ${(imported / bare).toFixed(2)}, restore ${(restored / bare).toFixed(2)} of that.`)
} finally {
  rmSync(folder, { recursive: true })
}

function npm(...args: string[]): string {
  const [script = '', ...more] = args
  return execFileSync('npm', ['run', '--silent', script, '--', ...more], { encoding: 'utf8' })
}

/** Rows a second, as the command itself reports them. The CPU time is that of all its processes, including wrangler and npm. */
function measured(...args: string[]): number {
  const [script = '', ...more] = args
  const run = `TIMEFORMAT='cpu %U %S'; time npm run --silent ${script} -- "$@"`
  const said = execFileSync('bash', ['-c', `{ ${run}; } 2>&1`, 'bash', ...more], { encoding: 'utf8' })
  const [line, rate = ''] = /^.* rows in .* s, ([\d,]+) a second, in .* MB\.$/m.exec(said) ?? []
  const [, user, system] = /^cpu ([\d.]+) ([\d.]+)$/m.exec(said) ?? []
  console.log(`${script}: ${line} ${(Number(user) + Number(system)).toFixed(1)} s of CPU.`)
  return Number(rate.replaceAll(',', ''))
}

function databaseOf(state: string): string {
  const [file] = globSync(join(state, 'v3/d1/miniflare-D1DatabaseObject/*.sqlite')).filter(
    (path) => !/metadata/.test(path),
  )
  if (!file) throw new Error(`There is no database in ${state}.`)
  return file
}

function bareImport(from: string): number {
  const sqlite = (file: string, input: string) =>
    execFileSync('sqlite3', [file], { input, encoding: 'utf8', maxBuffer: 2 ** 28 })
  const csv = (table: string) => join(folder, `${table}.csv`)
  sqlite(from, TABLES.map((table) => `.mode csv\n.output ${csv(table)}\nselect * from ${table};\n`).join(''))
  const names = TABLES.map((table) => `'${table}'`).join(', ')
  const schema = sqlite(
    from,
    `select sql || ';' from sqlite_schema where tbl_name in (${names}) and type in ('table', 'index') and sql is not null order by type desc;`,
  )
  const rows = Number(
    sqlite(from, `select ${TABLES.map((table) => `(select count(*) from ${table})`).join(' + ')};`),
  )
  const to = join(folder, 'bare.sqlite')
  // CSV has no null, so indexes that are unique except for nulls cannot be.
  sqlite(to, `pragma journal_mode = wal; ${schema.replaceAll('UNIQUE INDEX', 'INDEX')}`)
  const started = performance.now()
  sqlite(
    to,
    `pragma synchronous = normal;\n.mode csv\n${TABLES.map((table) => `.import ${csv(table)} ${table}\n`).join('')}`,
  )
  return (rows / (performance.now() - started)) * 1_000
}
