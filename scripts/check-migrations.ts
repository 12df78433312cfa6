/**
 * Fails if a migration removes something that the previous code may still use: `npm run check:migrations`. Migrations run before the code that needs
 * them is deployed, and a rollback restores code that does not know them. So migrations only add tables and columns. What is no longer used is
 * removed one release later, in a migration that says so:
 *
 *   -- contract: nothing since 1.4.0 reads users.nickname
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const SAYS_SO = /^-- contract: \S/m

/** Statements that break code older than the migration. */
const TAKES_AWAY: [pattern: RegExp, what: string][] = [
  [/\bDROP\s+TABLE\b/i, 'drops a table'],
  [/\bDROP\s+COLUMN\b/i, 'drops a column'],
  [/\bRENAME\b/i, 'renames'],
  // An older INSERT omits the column.
  [
    /\bADD\s+(?:COLUMN\s+)?(?!.*\bDEFAULT\b)[^;]*\bNOT\s+NULL\b/i,
    'adds a column that every row must have, without a default',
  ],
  [/\bCREATE\s+UNIQUE\s+INDEX\b/i, 'makes unique what was not'],
  // Except deletions of leftovers, which `npm run migration` writes.
  [/^\s*DELETE\s+FROM\b(?!.*\bNOT\s+IN\s*\(\s*SELECT\b)/is, 'deletes rows'],
]

/** Reviewed findings that are not faults, by file and name. */
const ACCEPTED: Record<string, string> = {
  '0008_bounded_lists.sql drops a trigger: users_updated_username_key':
    'It kept the name of owners in `post_search`. Before the first deployment, searches began to look into `user_search` instead.',
  '0009_limits.sql refuses what was accepted, by a new trigger: users_inserted_username_key':
    'Only a name that is held, which the code before tells as a name that is taken.',
  '0010_accounts.sql refuses what was accepted, by a new trigger: users_guarded':
    'Deletions of whole users, which no code before made.',
  '0010_accounts.sql refuses what was accepted, by a new trigger: users_updated_username_key': 'As in 0009.',
}

const NAME = '(?:IF\\s+(?:NOT\\s+)?EXISTS\\s+)?[`"]?(\\w+)'
const names = (sql: string, what: string) =>
  new Set([...sql.matchAll(new RegExp(`\\b${what}\\s+${NAME}`, 'gi'))].map(([, name = '']) => name))

/** Removes comments and the content of strings. */
const plain = (sql: string) =>
  sql.replace(/'(?:[^']|'')*'|--.*$|\/\*[\s\S]*?\*\//gm, (found) => (found.startsWith("'") ? "''" : ' '))

/**
 * The faults of a migration. It may drop something that it creates again in changed form. A table or column that it creates may have any index or
 * trigger.
 */
export function faultsOf(sql: string): string[] {
  if (SAYS_SO.test(sql)) return []
  const bare = plain(sql)
  const dropped = names(bare, 'DROP\\s+TRIGGER')
  const created = names(bare, 'CREATE\\s+TABLE')
  const added = names(bare, 'ADD(?:\\s+COLUMN)?')
  const triggers = bare.match(/\bCREATE\s+TRIGGER\b[\s\S]*?;\s*END\b/gi) ?? []
  const refusing = triggers
    .filter((trigger) => /\bRAISE\s*\(/i.test(trigger))
    .filter((trigger) => ![...names(trigger, 'ON')].some((table) => created.has(table)))
    .flatMap((trigger) => [...names(trigger, 'CREATE\\s+TRIGGER')])
    .filter((name) => !dropped.has(name))
    .map((name) => `refuses what was accepted, by a new trigger: ${name}`)
  const gone = ['TRIGGER', 'VIEW'].flatMap((what) => {
    const made = names(bare, `CREATE\\s+${what}`)
    return [...names(bare, `DROP\\s+${what}`)]
      .filter((name) => !made.has(name))
      .map((name) => `drops a ${what.toLowerCase()}: ${name}`)
  })
  const rest = triggers.reduce((text, trigger) => text.replace(trigger, () => ''), bare)
  const others = rest.split(';').flatMap((statement) => {
    const [, indexed] = /\bUNIQUE\s+INDEX\s+\S+\s+ON\s+[`"]?(\w+)/i.exec(statement) ?? []
    if (indexed !== undefined && created.has(indexed)) return []
    // Older code leaves the new columns null, and SQL never considers nulls equal.
    const [, columns = ''] = /\bUNIQUE\s+INDEX\b[^(]*\(([^)]*)\)/i.exec(statement) ?? []
    if (columns !== '' && (columns.match(/\w+/g) ?? []).every((column) => added.has(column))) return []
    return TAKES_AWAY.filter(([pattern]) => pattern.test(statement)).map(
      ([, what]) => `${what}: ${statement.trim().slice(0, 120)}`,
    )
  })
  return [...gone, ...refusing, ...others]
}

if (import.meta.main) {
  for (const file of readdirSync('migrations').filter((name) => name.endsWith('.sql'))) {
    for (const fault of faultsOf(readFileSync(join('migrations', file), 'utf8'))) {
      if (`${file} ${fault}` in ACCEPTED) continue
      console.error(`migrations/${file} ${fault}`)
      process.exitCode = 1
    }
  }
}
