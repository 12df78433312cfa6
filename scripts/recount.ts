/**
 * Compares every value that the database keeps (src/db/kept.ts) with the truth:
 *
 *   npm run recount                 repairs the local database
 *   npm run recount -- --check      only lists differences, and fails if there are any
 *   npm run recount -- --remote     the deployed database (with or without --check)
 *
 * `--persist-to <directory>` is wrangler's: another place of the local database.
 */
import { spawnSync } from 'node:child_process'
import { parseArgs } from 'node:util'
import { KEPT_VALUES } from '../src/db/kept'

interface Difference {
  name: string
  key: string | number
  kept: number | null
  truth: number | null
}

const { values: options } = parseArgs({
  options: {
    check: { type: 'boolean', default: false },
    remote: { type: 'boolean', default: false },
    'persist-to': { type: 'string' },
  },
})

/** Differences shown of one value. */
const LIMIT = 100

const found = findDifferences()
for (const { name, key, kept, truth } of found) {
  console.log(`${name} of ${key}: kept ${kept ?? 'nothing'}, true ${truth ?? 'nothing'}`)
}

if (found.length === 0) {
  console.log(`${KEPT_VALUES.length} counts checked: all true.`)
} else if (options.check) {
  console.error(
    `Differences in ${new Set(found.map(({ name }) => name)).size} of ${KEPT_VALUES.length} counts.`,
  )
  process.exitCode = 1
} else {
  const wrong = new Set(found.map(({ name }) => name))
  run(KEPT_VALUES.filter(({ name }) => wrong.has(name)).flatMap(({ repair }) => repair))
  const left = findDifferences().length
  console.log(
    left === 0 ? 'Repaired.' : `${left} differences are left: did rows change meanwhile? Run it again.`,
  )
  process.exitCode = left === 0 ? 0 : 1
}

function findDifferences(): Difference[] {
  const queries = KEPT_VALUES.map(
    ({ name, differences }) => `select '${name}' as name, * from (${differences}) limit ${LIMIT}`,
  )
  return run<Difference>(queries).flat()
}

/** Each statement's rows. */
function run<Row>(statements: string[]): Row[][] {
  const place = options.remote ? ['--remote'] : ['--local']
  if (options['persist-to']) place.push('--persist-to', options['persist-to'])
  const { status, stdout, stderr, error } = spawnSync(
    process.execPath,
    [
      'node_modules/wrangler/bin/wrangler.js',
      'd1',
      'execute',
      'DB',
      ...place,
      '--json',
      '--yes',
      '--command',
      statements.join(';\n'),
    ],
    { encoding: 'utf8', maxBuffer: 2 ** 28 },
  )
  if (error) throw error
  if (status !== 0) throw new Error(`wrangler d1 execute failed:\n${stdout}${stderr}`)
  const answers: { results: Row[] }[] = JSON.parse(stdout)
  return answers.map(({ results }) => results)
}
