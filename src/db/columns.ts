/** Columns of a row, by the names that the row has in code: the types of all rows are derived from these. */
import { type Column, type SQL, sql } from 'drizzle-orm'
import { SQLiteAsyncDialect } from 'drizzle-orm/sqlite-core'

/** Columns of (aliased) tables, and `sql<T>` for what is computed. */
export type Columns = Record<string, Column | SQL>

/**
 * The row that these columns give, as SQLite stores its values: a boolean column is 0 or 1 here. `sql` without a type is `unknown`, so that
 * nothing can be done with it until it says what it computes.
 */
export type RowOf<C> =
  C extends SelectList<infer Listed>
    ? RowOf<Listed>
    : {
        -readonly [Name in keyof C]: C[Name] extends Column
          ? C[Name]['_']['driverParam'] | (C[Name]['_']['notNull'] extends true ? never : null)
          : C[Name] extends SQL<infer T>
            ? T
            : never
      }

/** How drizzle writes SQL for D1. */
export const dialect = new SQLiteAsyncDialect({ casing: 'snake_case' })

/** Columns without parameters, written as SQL once: putting a statement together costs as much as sending it. */
export class SelectList<C extends Columns> {
  /** `a as "a", b as "b"` */
  readonly sql: SQL
  constructor(readonly columns: C) {
    this.sql = fixed(listed(columns))
  }
}

export const selectList = <C extends Columns>(columns: C) => new SelectList(columns)

/** The columns as a SELECT lists them. Each has the row's name, as D1 loses one of two columns of the same name. */
export const listed = (columns: Columns): SQL =>
  sql.join(
    Object.entries(columns).map(([name, column]) => sql`${column} as ${sql.raw(`"${name}"`)}`),
    sql`, `,
  )

/** The same row as the text of a JSON object, typed so that reading it gives the row. */
export const jsonObject = (columns: Columns): SQL =>
  sql`json_object(${sql.join(
    Object.entries(columns).map(([name, column]) => sql`${sql.raw(`'${name}'`)}, ${column}`),
    sql`, `,
  )})`

/** SQL without parameters, made once. */
export function fixed(parts: SQL): SQL {
  const { sql: text, params } = dialect.sqlToQuery(parts)
  if (params.length > 0) throw new Error('fixed SQL has parameters')
  return sql.raw(text)
}
