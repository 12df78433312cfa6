/**
 * Reading a table in the order of an indexed number, ties newest first, from any place in that order.
 *
 * An index on (k) holds (k, id), so backwards it is the order wanted. Forwards its ties come oldest first, and to sort
 * them costs all that tie: many posts have no like. So the page is read in ranges whose order the index does give, or
 * which are small:
 *   the rest of the cursor's ties                        by id, backwards
 *   what lies between those and the page's last key      fewer rows than the page shows: sorted
 *   the ties of the page's last key                      by id, backwards
 */
import { getTableName, type SQL, sql } from 'drizzle-orm'
import type { SQLiteColumn, SQLiteTable } from 'drizzle-orm/sqlite-core'
import type { PageRequest } from './page'

interface KeyOrder {
  /** The table, and the column in the alias that `select` uses. */
  table: SQLiteTable
  key: SQLiteColumn
  /** The id in the same alias. */
  id: SQLiteColumn
  descending: boolean
  page: PageRequest
  /** Selects with this condition; `id` and the key as `sortKey` among the columns. */
  select: (where: SQL) => SQL
}

/** The rows of the page, from positions `[key, id]`. Reads what `select` does for each row, and forwards two more. */
export function inKeyOrder({ table, key, id, descending, page, select }: KeyOrder): SQL {
  const { limit, offset } = page
  const [k = -1, lastId = 0] = page.after ?? []
  const ties = page.after ? [sql`${key} = ${k} and ${id} < ${lastId}`] : []
  const union = (ranges: SQL[], direction: SQL) =>
    sql`${sql.join(ranges.map(select), sql` union all `)} order by "sortKey" ${direction}, id desc limit ${limit} offset ${offset}`
  if (descending) {
    return union([...ties, page.after ? sql`${key} < ${k}` : sql`true`], sql`desc`)
  }
  const last = sql`(select k from edge)`
  const ranges = [...ties, sql`${key} > ${k} and ${key} < ${last}`, sql`${key} = ${last}`]
  const from = sql`from ${table} ${sql.identifier(getTableName(key.table))}`
  return sql`with edge(k) as materialized (select coalesce(
      (select ${key} ${from} where ${key} > ${k} order by ${key} limit 1 offset ${limit + offset - 1}),
      (select max(${key}) ${from} where ${key} > ${k})))
    ${union(ranges, sql`asc`)}`
}
