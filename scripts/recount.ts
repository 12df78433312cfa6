/**
 * Compares every value that triggers or objects maintain (src/db/kept.ts) with the actual data:
 *
 *   npm run recount                 repairs the local database
 *   npm run recount -- --check      only lists differences, and fails if there are any
 *   npm run recount -- --remote     the deployed database (with or without --check)
 *
 * `--persist-to <directory>` selects another local database, as in wrangler.
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

/** How many differences are shown for each value. */
const LIMIT = 100
/** Some values are derived from others. As triggers are absent during a repair, repairing one value can reveal a difference in another. */
const ROUNDS = 4

requireNoJob()
let found = findDifferences()
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
  for (let round = 1; found.length > 0 && round <= ROUNDS; round++) {
    const wrong = new Set(found.map(({ name }) => name))
    run(KEPT_VALUES.filter(({ name }) => wrong.has(name)).flatMap(({ repair }) => repair))
    found = findDifferences()
  }
  console.log(
    found.length === 0
      ? 'Repaired.'
      : `${found.length} differences are left: did rows change meanwhile? Run it again.`,
  )
  process.exitCode = found.length === 0 ? 0 : 1
}

/** A stopped import or restore has no triggers yet, and recounts when it completes. */
function requireNoJob(): void {
  const [jobs = []] = run<{ name: string }>([
    "select name from jobs where name like 'import %' or name like 'restore %'",
  ])
  if (jobs.length === 0) return
  console.error(
    `npm run ${jobs[0]?.name.split(' ')[0]} has not ended. Call it again: it makes all of this true.`,
  )
  process.exit(1)
}

function findDifferences(): Difference[] {
  const queries = KEPT_VALUES.map(
    ({ name, differences }) => `select '${name}' as name, * from (${differences}) limit ${LIMIT}`,
  )
  return run<Difference>(queries).flat()
}

/** The rows of each statement. */
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
