/**
 * Ids and table sizes without AUTOINCREMENT and without counting.
 *
 * An id is one more than the largest that the table has or ever had. The largest it has is one index step; the
 * largest that was deleted stands in `sequences`, which the delete triggers write (`kept.ts`). Ids are therefore given out
 * without gaps, and the number of rows is the largest id less the number of deletions.
 */
import { type SQL, sql } from 'drizzle-orm'

const largest = (table: string) => sql.raw(`max(last_id, coalesce((select max(id) from ${table}), 0))`)

/** The id of the row that the enclosing INSERT adds. Reads 2 rows. */
export const nextId = (table: string): SQL<number> =>
  sql<number>`(select ${largest(table)} + 1 from sequences where name = ${sql.raw(`'${table}'`)})`

/** How many rows the table has. Reads 2 rows, whatever its size. */
export const rowCount = (table: string): SQL<number> =>
  sql<number>`(select ${largest(table)} - deleted from sequences where name = ${sql.raw(`'${table}'`)})`
