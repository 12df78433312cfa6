/**
 * Writes the next migration: the changes that drizzle-kit finds in src/db/schema.ts, completed with what src/db/kept.ts declares (triggers, rows of
 * sequences, WITHOUT ROWID, values of new columns). Accepts drizzle-kit's options:
 *
 *   npm run migration -- --name comments_pinned
 */
import { spawnSync } from 'node:child_process'
import { Refusal } from './database/complete'
import { findFaults, report } from './database/faults'
import { readMigrations } from './database/migrations'
import { writeMigration } from './database/write'

try {
  const written = writeMigration(generate, process.argv.slice(2))
  console.log(written ? `${written}: completed.` : 'What is kept has not changed either.')
  report(await findFaults(readMigrations()))
} catch (error) {
  if (!(error instanceof Refusal)) throw error
  console.error(`\nNothing was written. ${error.message}`)
  process.exitCode = 1
}

/** drizzle-kit asks whether something was renamed, so it uses this terminal. */
function generate(options: string[]): void {
  const { status, error } = spawnSync(
    process.execPath,
    ['node_modules/drizzle-kit/bin.cjs', 'generate', ...options],
    { stdio: 'inherit' },
  )
  if (error) throw error
  if (status !== 0) throw new Error('drizzle-kit generate failed')
}
