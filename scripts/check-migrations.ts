/**
 * Fails where a migration takes something away that the code before may still use: `npm run check:migrations`. Migrations run before the
 * code that wants them, and a rollback brings back code that knows nothing of them; so tables and columns are added, and what nothing uses
 * any more goes one release later, in a migration that says so:
 *
 *   -- contract: nothing since 1.4.0 reads users.nickname
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const SAYS_SO = /^-- contract: \S/m

/** What code that is older than the migration cannot live with. */
const TAKES_AWAY: [pattern: RegExp, what: string][] = [
  [/\bDROP\s+TABLE\b/i, 'drops a table'],
  [/\bDROP\s+COLUMN\b/i, 'drops a column'],
  [/\bRENAME\b/i, 'renames'],
  // An older INSERT leaves the column out.
  [
    /\bADD\s+(?:COLUMN\s+)?(?!.*\bDEFAULT\b)[^;]*\bNOT\s+NULL\b/i,
    'adds a column that every row must have, without a default',
  ],
  [/\bCREATE\s+UNIQUE\s+INDEX\b/i, 'makes unique what was not'],
]

/** What is wrong with it, by file; a table that the same migration creates may have any index. */
export function faultsOf(sql: string): string[] {
  if (SAYS_SO.test(sql)) return []
  const bare = sql.replace(/--.*$/gm, '')
  const created = new Set([...bare.matchAll(/CREATE\s+TABLE\s+[`"]?(\w+)/gi)].map(([, table]) => table))
  return bare.split(';').flatMap((statement) => {
    const [, indexed] = /\bUNIQUE\s+INDEX\s+\S+\s+ON\s+[`"]?(\w+)/i.exec(statement) ?? []
    if (indexed !== undefined && created.has(indexed)) return []
    return TAKES_AWAY.filter(([pattern]) => pattern.test(statement)).map(
      ([, what]) => `${what}: ${statement.trim().slice(0, 120)}`,
    )
  })
}

if (import.meta.main) {
  for (const file of readdirSync('migrations').filter((name) => name.endsWith('.sql'))) {
    for (const fault of faultsOf(readFileSync(join('migrations', file), 'utf8'))) {
      console.error(`migrations/${file} ${fault}`)
      process.exitCode = 1
    }
  }
}
