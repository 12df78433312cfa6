/** Describes a database as texts that can be compared. */
import type { DatabaseSync, SQLOutputValue } from 'node:sqlite'

type Row = Record<string, SQLOutputValue>

/** Maps the name of each part (`trigger likes_deleted`, `column users.email`) to its definition. */
export type Description = Map<string, string>

export function describe(db: DatabaseSync): Description {
  const all = (query: string, ...values: string[]): Row[] => db.prepare(query).all(...values)
  const parts: Description = new Map()
  const schema = all('select type, name, tbl_name, sql from sqlite_master where sql is not null')
  const sqlOf = (name: unknown) => String(schema.find((part) => part.name === name)?.sql)

  for (const { name, type, wr } of tablesOf(db)) {
    if (type === 'virtual') {
      parts.set(`table ${name}`, sqlOf(name))
      continue
    }
    parts.set(`table ${name}`, wr ? 'WITHOUT ROWID' : 'with rowid')
    for (const column of all('select * from pragma_table_xinfo(?)', name))
      parts.set(
        `column ${name}.${column.name}`,
        `${column.type}${column.notnull ? ' not null' : ''}${column.dflt_value === null ? '' : ` default ${column.dflt_value}`}${column.pk ? ` key ${column.pk}` : ''}`,
      )
    for (const key of all('select * from pragma_foreign_key_list(?)', name))
      parts.set(
        `reference ${name}.${key.from}`,
        `${key.table}.${key.to} on update ${key.on_update} on delete ${key.on_delete}`,
      )
    // drizzle-kit writes each on a separate line.
    for (const [, condition] of sqlOf(name).matchAll(/\bCHECK\s*\((.*)\),?$/gm))
      parts.set(`check ${name}: ${condition}`, 'declared')
    if (name === 'sequences')
      for (const row of all('select name from sequences')) parts.set(`sequence ${row.name}`, 'a row')
  }
  for (const { type, name, sql } of schema) {
    if (type === 'trigger') parts.set(`trigger ${name}`, String(sql))
    if (type === 'index') parts.set(`index ${name}`, String(sql).replace(/["`\s]/g, ''))
  }
  return parts
}

interface Table {
  name: string
  /** Excludes `shadow` tables, in which virtual tables store their content. */
  type: 'table' | 'virtual'
  /** 1 if it is WITHOUT ROWID. */
  wr: number
}

const tablesOf = (db: DatabaseSync) =>
  db
    .prepare(
      `select name, type, wr from pragma_table_list
        where schema = 'main' and type in ('table', 'virtual') and name not like 'sqlite_%'`,
    )
    // The selected columns.
    .all() as unknown as Table[]

/** Maps the name of each trigger to its text. */
export const triggersIn = (db: DatabaseSync) =>
  new Map(
    db
      .prepare(`select name, sql from sqlite_master where type = 'trigger'`)
      .all()
      .map(({ name, sql }) => [String(name), String(sql)]),
  )

/** The tables with a foreign key to this one. */
export const referencing = (db: DatabaseSync, table: string): string[] =>
  tablesOf(db)
    .map(({ name }) => name)
    .filter((name) =>
      db
        .prepare('select 1 from pragma_foreign_key_list(?) where "table" = ? collate nocase')
        .get(name, table),
    )
