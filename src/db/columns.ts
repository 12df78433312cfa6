/** Columns by the names that rows have in code, for a SELECT list or for one JSON value. */
import { type SQL, sql } from 'drizzle-orm'

export type Columns = Record<string, SQL>

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
