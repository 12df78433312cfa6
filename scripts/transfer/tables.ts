/** The tables that are moved, in an order in which each comes after those that it refers to. Derived entirely from the schema. */
import { getTableColumns, getTableName } from 'drizzle-orm'
import { getTableConfig, type SQLiteTable } from 'drizzle-orm/sqlite-core'
import { TABLES } from '../../src/db/kept'
import { nameOf } from '../../src/db/kept/triggers'

/** Deliberately left out, because it is valid for days at most, or must not come back to life. By name, with the reason. */
export const LEFT_OUT: Readonly<Record<string, string>> = {
  sessions: 'Those that were ended since would be good again: everybody signs in anew.',
  password_resets: 'Links that were mailed, good for a day.',
  email_keys: 'Links that were mailed, good for days.',
  account_exports: 'How often somebody has asked for an export.',
  listeners: 'Sockets that are open.',
  idempotency_keys: 'Answers to requests that may be sent again, good for a day.',
  rate_limits: 'What has been used up of limits.',
  image_fences:
    'Deletions of images that may still arrive, good for a day. A restored image is stored under a key of its own.',
  jobs: 'How far jobs have come: they begin anew.',
}

export interface Table {
  name: string
  columns: readonly string[]
  /** The columns of the primary key. */
  key: readonly string[]
  /** Columns that refer to the id of another table, and which; includes the table's own id. */
  ids: readonly { column: string; of: string }[]
}

export const MOVED: readonly Table[] = inOrder(
  TABLES.filter((table) => LEFT_OUT[getTableName(table)] === undefined),
).map(describe)

function inOrder(tables: SQLiteTable[]): SQLiteTable[] {
  const placed = new Set<SQLiteTable>()
  while (placed.size < tables.length) {
    const next = tables.find(
      (table) =>
        !placed.has(table) && parentsOf(table).every((parent) => parent === table || placed.has(parent)),
    )
    if (!next) throw new Error('Tables refer to each other in a circle, or to one that is left out.')
    placed.add(next)
  }
  return [...placed]
}

function parentsOf(table: SQLiteTable): SQLiteTable[] {
  // A reference is always to an SQLite table, whatever its type says.
  return getTableConfig(table).foreignKeys.map((key) => key.reference().foreignTable as SQLiteTable)
}

function describe(table: SQLiteTable): Table {
  const { primaryKeys, foreignKeys, name } = getTableConfig(table)
  const columns = Object.values(getTableColumns(table))
  const key = primaryKeys[0]?.columns ?? columns.filter((column) => column.primary)
  const names = key.map((column) => nameOf(column))
  const ids = foreignKeys.map((foreign) => {
    const {
      columns: [column],
      foreignTable,
    } = foreign.reference()
    if (!column) throw new Error(`${name} has a reference without a column.`)
    return { column: nameOf(column), of: getTableName(foreignTable) }
  })
  if (names.join() === 'id') ids.push({ column: 'id', of: name })
  return { name, columns: columns.map(nameOf), key: names, ids }
}
