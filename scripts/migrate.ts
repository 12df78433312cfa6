/** Brings a database up to date, and says so in one line. `npm run migrate:local [-- --persist-to <directory>]` does the local one. */
import { parseArgs } from 'node:util'
import { wrangler } from './wrangler.ts'

/** Which database wrangler's options say. Ends the process, with all that wrangler said, where a migration fails. */
export function migrate(...place: string[]): void {
  const { status, stdout, stderr } = wrangler('d1', 'migrations', 'apply', 'DB', ...place)
  if (status !== 0) {
    console.error(`${stdout}${stderr}\nThe database could not be brought up to date.`)
    process.exit(1)
  }
  // The table is printed anew for each one.
  const applied = new Set(stdout.match(/\d+_\w+\.sql(?=\s+│ ✅)/g)).size
  if (applied > 0) console.log(`Database: ${applied} migration${applied === 1 ? '' : 's'} applied.`)
}

export const migrateLocal = (persistTo: string | undefined): void =>
  migrate('--local', ...(persistTo === undefined ? [] : ['--persist-to', persistTo]))

if (import.meta.main) {
  const { values } = parseArgs({ options: { 'persist-to': { type: 'string' } } })
  migrateLocal(values['persist-to'])
}
