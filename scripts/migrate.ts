/** Migrates a database, and reports it in one line. `npm run migrate:local [-- --persist-to <directory>]` migrates the local one. */
import { parseArgs } from 'node:util'
import { wrangler } from './wrangler.ts'

/** `place` are wrangler's options that select the database. If a migration fails, prints wrangler's whole output and ends the process. */
export function migrate(...place: string[]): void {
  const { status, stdout, stderr } = wrangler('d1', 'migrations', 'apply', 'DB', ...place)
  if (status !== 0) {
    console.error(`${stdout}${stderr}\nThe database could not be brought up to date.`)
    process.exit(1)
  }
  // The table is printed again for each migration.
  const applied = new Set(stdout.match(/\d+_\w+\.sql(?=\s+│ ✅)/g)).size
  if (applied > 0) console.log(`Database: ${applied} migration${applied === 1 ? '' : 's'} applied.`)
}

export const migrateLocal = (persistTo: string | undefined): void =>
  migrate('--local', ...(persistTo === undefined ? [] : ['--persist-to', persistTo]))

if (import.meta.main) {
  const { values } = parseArgs({ options: { 'persist-to': { type: 'string' } } })
  migrateLocal(values['persist-to'])
}
