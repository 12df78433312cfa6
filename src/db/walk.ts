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
import { type SQL, sql } from 'drizzle-orm'
import type { Window } from './window'

interface Walk {
  /** The table, its name in `select`, and the column. */
  table: SQL
  alias: SQL
  key: SQL
  descending: boolean
  window: Window
  /** Selects with this condition; `id` and the key as `sortKey` among the columns. */
  select: (where: SQL) => SQL
}

/** The rows of the window. Reads what `select` does for each row, and forwards two more. */
export function walk({ table, alias, key, descending, window, select }: Walk): SQL {
  const { limit, offset } = window
  const [k = -1, id = 0] = window.after ?? []
  const column = sql`${alias}.${key}`
  const ties = window.after ? [sql`${column} = ${k} and ${alias}.id < ${id}`] : []
  const page = (ranges: SQL[], direction: SQL) =>
    sql`${sql.join(ranges.map(select), sql` union all `)} order by "sortKey" ${direction}, id desc limit ${limit} offset ${offset}`
  if (descending) {
    return page([...ties, window.after ? sql`${column} < ${k}` : sql`true`], sql`desc`)
  }
  const last = sql`(select k from edge)`
  const ranges = [...ties, sql`${column} > ${k} and ${column} < ${last}`, sql`${column} = ${last}`]
  return sql`with edge(k) as materialized (select coalesce(
      (select ${key} from ${table} where ${key} > ${k} order by ${key} limit 1 offset ${limit + offset - 1}),
      (select max(${key}) from ${table} where ${key} > ${k})))
    ${page(ranges, sql`asc`)}`
}
