/** Columns by the names that rows have in code, for a SELECT list or for one JSON value. */
import { type SQL, sql } from 'drizzle-orm'
import { SQLiteAsyncDialect } from 'drizzle-orm/sqlite-core'

export type Columns = Record<string, SQL>

/** How drizzle writes SQL for D1. */
export const dialect = new SQLiteAsyncDialect({ casing: 'snake_case' })

/** `a as "a", b as "b"` */
export const selectList = (columns: Columns): SQL =>
  sql.join(
    Object.entries(columns).map(([name, column]) => sql`${column} as ${sql.raw(`"${name}"`)}`),
    sql`, `,
  )

/** The same row as the text of a JSON object. */
export const jsonObject = (columns: Columns): SQL =>
  sql`json_object(${sql.join(
    Object.entries(columns).map(([name, column]) => sql`${sql.raw(`'${name}'`)}, ${column}`),
    sql`, `,
  )})`

/** SQL without parameters, made once: putting a statement together from its parts costs as much as sending it. */
export function fixed(parts: SQL): SQL {
  const { sql: text, params } = dialect.sqlToQuery(parts)
  if (params.length > 0) throw new Error('fixed SQL has parameters')
  return sql.raw(text)
}
