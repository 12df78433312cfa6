/**
 * Reading a table in the order of an indexed number, ties newest first, from any place in that order and in either direction.
 *
 * An index on (k) holds (k, id): read backwards it is "largest first, ties newest first", and read forwards the reverse of that. Where key and
 * id go opposite ways, the ties would have to be sorted, which costs all that tie: many posts have no like. So the page is then read in ranges
 * whose order the index does give, or which are small:
 *   the rest of the cursor's ties                        by id
 *   what lies between those and the page's last key      fewer rows than the page shows: sorted
 *   the ties of the page's last key                      by id
 */
import { getTableName, type SQL, sql } from 'drizzle-orm'
import type { SQLiteColumn, SQLiteTable } from 'drizzle-orm/sqlite-core'
import { limits, type PageRequest } from './page'

interface KeyOrder {
  /** The table, and the column in the alias that `select` uses. */
  table: SQLiteTable
  key: SQLiteColumn
  /** The id in the same alias. */
  id: SQLiteColumn
  descending: boolean
  page: PageRequest
  /** How many rows the table has. */
  kept: SQL<number>
  /** Selects with this condition; `id` and the key as `sortKey` among the columns. */
  select: (where: SQL) => SQL
}

/**
 * The rows of the page in the order they are read, from positions `[key, id]`. Reads what `select` does for each row, skipped ones too; and one
 * more for each where key and id go opposite ways.
 */
export function inKeyOrder({ table, key, id, descending, page, kept, select }: KeyOrder): SQL {
  const isDescending = descending !== page.isBackward
  const [direction, beyond] = isDescending ? [sql`desc`, sql`<`] : [sql`asc`, sql`>`]
  const [idDirection, idBeyond] = page.isBackward ? [sql`asc`, sql`>`] : [sql`desc`, sql`<`]
  const [k, lastId = 0] = page.after ?? []
  const ties = page.after ? [sql`${key} = ${k} and ${id} ${idBeyond} ${lastId}`] : []
  const union = (ranges: SQL[]) =>
    sql`${sql.join(ranges.map(select), sql` union all `)} order by "sortKey" ${direction}, id ${idDirection} ${limits(page, kept)}`
  const further = page.after ? sql`${key} ${beyond} ${k}` : sql`true`
  // Ties are newest first in the list.
  if (descending) return union([...ties, further])
  const last = sql`(select k from edge)`
  const between = sql`${further} and ${key} ${isDescending ? sql`>` : sql`<`} ${last}`
  const from = sql`from ${table} ${sql.identifier(getTableName(key.table))}`
  const extreme = isDescending ? sql`min` : sql`max`
  // A page that is counted from the beginning and read from the end: see `limits`.
  const reach =
    page.isBackward && page.offset > 0
      ? sql`max(${kept} - ${page.offset}, 1) - 1`
      : sql`${page.limit + page.offset - 1}`
  return sql`with edge(k) as materialized (select coalesce(
      (select ${key} ${from} where ${further} order by ${key} ${direction} limit 1 offset ${reach}),
      (select ${extreme}(${key}) ${from} where ${further})))
    ${union([...ties, between, sql`${key} = ${last}${page.after ? sql` and ${further}` : sql``}`])}`
}
