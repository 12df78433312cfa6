/** Databases in files, as `wrangler dev` has them, without the wait for wrangler. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll } from 'vitest'
import { readMigrations } from '../../../scripts/database/migrations'
import { KEPT_VALUES } from '../../../src/db/kept'

const folder = mkdtempSync(join(tmpdir(), 'transfer-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

let files = 0
export function newPath(name: string): string {
  files++
  return join(folder, `${files}-${name}`)
}

/** An empty database, migrated; `open` it as often as is wanted. */
export function newDatabase(): string {
  const path = newPath('database.sqlite')
  withSqlite(path, migrateSqlite)
  return path
}

export function migrateSqlite(db: DatabaseSync): void {
  db.exec('pragma journal_mode = wal; pragma synchronous = normal; begin')
  db.exec('create table d1_migrations (id integer primary key, name text unique)')
  for (const { file, statements } of readMigrations()) {
    for (const statement of statements) db.exec(statement)
    db.prepare('insert into d1_migrations (name) values (?)').run(file)
  }
  db.exec('commit')
}

export function withSqlite<T>(path: string, work: (db: DatabaseSync) => T): T {
  const db = new DatabaseSync(path, { enableForeignKeyConstraints: true })
  try {
    return work(db)
  } finally {
    db.close()
  }
}

/** All tables, triggers and indexes, as they were made. */
export const schemaOf = (path: string) =>
  withSqlite(path, (db) => db.prepare('select type, name, sql from sqlite_schema order by type, name').all())

export const query = (path: string, sql: string) => withSqlite(path, (db) => db.prepare(sql).all())

/** The names of values that the database keeps and that are not true. */
export const untrue = (path: string) =>
  KEPT_VALUES.filter(({ differences }) => query(path, `select 1 from (${differences})`).length > 0).map(
    ({ name }) => name,
  )
