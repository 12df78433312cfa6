import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

const ROOT = join(import.meta.dirname, '../..')

/** The folder of the migrations, relative to the project's root. */
export const FOLDER = 'migrations'

const BREAKPOINT = '--> statement-breakpoint'

export interface Migration {
  /** The name of the file in the folder. */
  file: string
  /** Without semicolons and empty statements. */
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

/** For `--custom`, drizzle-kit writes only a comment without a newline at its end, so text appended to it would become part of the comment. */
const statementsOf = (text: string) =>
  text
    .split(BREAKPOINT)
    .map((statement) => statement.trim().replace(/;$/, ''))
    .filter((statement) => statement.replace(/^--.*$/gm, '').trim() !== '')

export const migrationText = (statements: string[]) =>
  statements.map((statement) => `${statement};\n`).join(`${BREAKPOINT}\n`)

/** A database in memory, after these migrations. Foreign keys are enforced, as D1 always does. */
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
