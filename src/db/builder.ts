/**
 * drizzle's query builder without the rest of its driver (relations, transactions, caches), 4.5 kB of the Worker's code gzipped: `Db.batch` sends
 * what is built here.
 */
import { Column, is } from 'drizzle-orm'
import type { SelectedFields, SQLiteSession, SQLiteTable } from 'drizzle-orm/sqlite-core'
import { SQLiteDeleteBase } from 'drizzle-orm/sqlite-core/query-builders/delete'
import { SQLiteInsertBuilder } from 'drizzle-orm/sqlite-core/query-builders/insert'
import { SQLiteSelectBuilder } from 'drizzle-orm/sqlite-core/query-builders/select'
import { SQLiteUpdateBuilder } from 'drizzle-orm/sqlite-core/query-builders/update'
import { dialect } from './columns'

interface Query {
  sql: string
  params: unknown[]
}

/** What a query selects, in the order of its columns. */
type Fields = { path: string[]; field: unknown }[] | undefined

/** What `Statement` asks of a query. */
const prepareQuery = (query: Query, fields: Fields) => ({
  getQuery: () => query,
  mapResult: ({ results }: D1Result<Record<string, unknown>>) =>
    fields ? results.map((row) => rowOf(fields, Object.values(row))) : results,
})

const rowOf = (fields: NonNullable<Fields>, values: unknown[]) =>
  Object.fromEntries(
    fields.map(({ path, field }, i) => {
      const value = values[i]
      return [path[0], is(field, Column) && value !== null ? field.mapFromDriverValue(value) : value]
    }),
  )

type Session = SQLiteSession<'async', D1Result, Record<string, never>, Record<string, never>>
// The builders ask it for nothing else.
const session = { prepareQuery, prepareOneTimeQuery: prepareQuery } as unknown as Session

export const build = {
  select: <Selected extends SelectedFields>(fields: Selected) =>
    new SQLiteSelectBuilder<Selected, 'async', D1Result>({ fields, session, dialect }),
  selectDistinct: <Selected extends SelectedFields>(fields: Selected) =>
    new SQLiteSelectBuilder<Selected, 'async', D1Result>({ fields, session, dialect, distinct: true }),
  insert: <Table extends SQLiteTable>(table: Table) =>
    new SQLiteInsertBuilder<Table, 'async', D1Result>(table, session, dialect),
  update: <Table extends SQLiteTable>(table: Table) =>
    new SQLiteUpdateBuilder<Table, 'async', D1Result>(table, session, dialect),
  delete: <Table extends SQLiteTable>(table: Table) =>
    new SQLiteDeleteBase<Table, 'async', D1Result>(table, session, dialect),
}
