import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { complete } from './complete'
import { FOLDER, inFolder, type Migration, migrationText, readMigrations } from './migrations'

const JOURNAL = inFolder('meta', '_journal.json')

/**
 * Writes the next migration and returns its path; undefined if nothing has changed. If it fails, nothing is written.
 *
 * @param generate Runs drizzle-kit's `generate`, which writes no file if it finds no changes.
 */
export function writeMigration(generate: (options: string[]) => void, options: string[]): string | undefined {
  const before = readMigrations()
  const journal = readFileSync(JOURNAL)
  try {
    generate(options)
    const generated = addedTo(before)
    const statements = complete(before, generated?.statements ?? [])
    if (statements.length === 0) return undefined
    // drizzle-kit found no change, so the triggers and other declarations get a file of their own.
    if (!generated) generate(['--custom', '--name', 'kept', ...options])
    const file = newFiles(before).at(-1)
    if (!file) throw new Error('drizzle-kit has made no migration')
    writeFileSync(inFolder(file), migrationText(statements))
    return `${FOLDER}/${file}`
  } catch (error) {
    for (const file of newFiles(before)) {
      rmSync(inFolder(file))
      rmSync(inFolder('meta', file.replace(/_.*$/, '_snapshot.json')), { force: true })
    }
    writeFileSync(JOURNAL, journal)
    throw error
  }
}

function addedTo(before: readonly Migration[]): Migration | undefined {
  const [file] = newFiles(before)
  return readMigrations().find((migration) => migration.file === file)
}

function newFiles(before: readonly Migration[]): string[] {
  const known = new Set(before.map(({ file }) => file))
  return readMigrations()
    .map(({ file }) => file)
    .filter((file) => !known.has(file))
}
