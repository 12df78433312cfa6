import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

const ROOT = join(import.meta.dirname, '../..')

/** Where migrations are, from the root of the project. */
export const FOLDER = 'migrations'

const BREAKPOINT = '--> statement-breakpoint'

export interface Migration {
  /** The file in the folder. */
  file: string
  /** Without semicolons and empty ones. */
  statements: string[]
}

/** A path in that folder. */
export const inFolder = (...path: string[]) => join(ROOT, FOLDER, ...path)

/** In the order in which they are applied. */
export function readMigrations(): Migration[] {
  const files = readdirSync(inFolder()).filter((file) => file.endsWith('.sql'))
  return files
    .sort()
    .map((file) => ({ file, statements: statementsOf(readFileSync(inFolder(file), 'utf8')) }))
}

/** What drizzle-kit writes for `--custom` is a comment alone, without a newline after it: whatever followed would be part of it. */
const statementsOf = (text: string) =>
  text
    .split(BREAKPOINT)
    .map((statement) => statement.trim().replace(/;$/, ''))
    .filter((statement) => statement.replace(/^--.*$/gm, '').trim() !== '')

export const migrationText = (statements: string[]) =>
  statements.map((statement) => `${statement};\n`).join(`${BREAKPOINT}\n`)

/** A database in memory that has run these. Foreign keys are enforced, as D1 always does. */
export function buildDatabase(migrations: readonly Migration[]): DatabaseSync {
  const db = new DatabaseSync(':memory:', { enableForeignKeyConstraints: true })
  for (const { file, statements } of migrations) {
    try {
      for (const statement of statements) db.exec(statement)
    } catch (error) {
      throw new Error(`${FOLDER}/${file}: ${error instanceof Error ? error.message : error}`)
    }
  }
  return db
}
