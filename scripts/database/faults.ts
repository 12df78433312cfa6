/** Finds where the database that the migrations create differs from what `src/db/schema.ts` and `src/db/kept.ts` declare. */
import { readdirSync, readFileSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import { generateSQLiteDrizzleJson, generateSQLiteMigration } from 'drizzle-kit/api'
import { getTableColumns } from 'drizzle-orm'
import { KEPT_VALUES, TABLES } from '../../src/db/kept'
import { nameOf, tableOf } from '../../src/db/kept/triggers'
import * as schema from '../../src/db/schema'
import { complete } from './complete'
import { describe } from './description'
import { buildDatabase, FOLDER, inFolder, type Migration } from './migrations'

const RUN = 'Run `npm run migration`: it writes a migration that makes this as declared.'

export interface Fault {
  problem: string
  /** How to fix it. */
  advice: string
}

export async function findFaults(migrations: readonly Migration[]): Promise<Fault[]> {
  const declared = await generateSQLiteDrizzleJson(schema, undefined, 'snake_case')
  const isCurrent = isDeepStrictEqual(JSON.parse(JSON.stringify(declared.tables)), snapshotTables())
  const statements = await generateSQLiteMigration(await generateSQLiteDrizzleJson({}), declared)
  const wanted = describe(buildDatabase([{ file: 'as declared', statements: complete([], statements) }]))
  const built = describe(buildDatabase(migrations))

  const faults: Fault[] = []
  for (const part of new Set([...wanted.keys(), ...built.keys()])) {
    const [want, found] = [wanted.get(part), built.get(part)]
    if (want !== found)
      faults.push({ problem: problemOf(part, want, found), advice: adviceFor(part, isCurrent, want, found) })
  }
  if (faults.length === 0 && !isCurrent)
    faults.push({ problem: `The newest snapshot in ${FOLDER}/meta is not the schema.`, advice: RUN })
  return [...faults, ...undeclaredCounts()]
}

/** Prints the faults and how to fix them, and makes the process fail if there are any. */
export function report(faults: readonly Fault[]): void {
  for (const { problem } of faults) console.error(problem)
  for (const advice of new Set(faults.map((fault) => fault.advice))) console.error(`→ ${advice}`)
  if (faults.length > 0) process.exitCode = 1
}

/** The state of the database according to drizzle-kit. */
function snapshotTables(): unknown {
  const newest = readdirSync(inFolder('meta'))
    .filter((file) => file.endsWith('_snapshot.json'))
    .sort()
    .at(-1)
  if (!newest) return undefined
  const snapshot: { tables: unknown } = JSON.parse(readFileSync(inFolder('meta', newest), 'utf8'))
  return snapshot.tables
}

function problemOf(part: string, want: string | undefined, found: string | undefined): string {
  if (want === undefined) return `${part}: is not declared`
  if (found === undefined) return `${part}: is missing`
  return `${part}: is\n    ${found}\n  and should be\n    ${want}`
}

function adviceFor(part: string, isCurrent: boolean, want?: string, found?: string): string {
  if (/^(trigger|sequence) /.test(part) || !isCurrent) return RUN
  if (part.startsWith('table ') && want && found)
    return `How a table is stored is said where it is created: mend the migration that does, or, once that is deployed, write one that makes the table anew.`
  return `The newest snapshot has it as declared, so a file in ${FOLDER}/ was changed by hand: mend it there.`
}

/** Columns named as counts that nothing maintains. */
function undeclaredCounts(): Fault[] {
  const kept = new Set(KEPT_VALUES.map(({ name }) => name))
  return TABLES.flatMap((table) => Object.values(getTableColumns(table)))
    .map((column) => `${tableOf(column)}.${nameOf(column)}`)
    .filter((name) => name.endsWith('_count') && !kept.has(name))
    .map((name) => ({
      problem: `column ${name}: is kept by nothing`,
      advice: 'Declare in src/db/kept.ts what a count counts, then run `npm run migration`.',
    }))
}
