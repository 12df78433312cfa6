/** Builds the database of migrations/ in memory, and fails if it differs from what src/db declares. Run by `npm run check:database`. */
import { findFaults, report } from './database/faults'
import { readMigrations } from './database/migrations'

const migrations = readMigrations()
const faults = await findFaults(migrations)
report(faults)
console.log(
  `The database of ${migrations.length} migrations: ${faults.length === 0 ? 'as declared' : `${faults.length} faults`}.`,
)
