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
import type { PageRequest } from './page'
import { NEVER } from './schema'

interface KeyOrder {
  table: SQLiteTable
  /** The column, and the id, in the alias that the list has for the table. */
  key: SQLiteColumn
  id: SQLiteColumn
  descending: boolean
  page: PageRequest
  /** How many rows the table has. */
  kept: SQL<number>
}

/** A larger page ends earlier than it might, unless the rest are ties: up to there every row is read three times. */
const MAX_SORTED = 400

/** What `visibleRows` wants. */
interface InKeyOrder {
  first?: SQL
  candidates: SQL
  name: SQL
  key: SQL[]
  beyond?: SQL
}

/**
 * The table's rows in the order they are read, from positions `[key, id]`, with the key as `sortKey` once more. Reads one row for each, and one
 * more for each of the page where key and id go opposite ways: there the candidates end with the ties of the page's last key.
 */
export function inKeyOrder({ table, key, id, descending, page, kept }: KeyOrder): InKeyOrder {
  const isDescending = descending !== page.isBackward
  const [direction, beyond] = isDescending ? [sql`desc`, sql`<`] : [sql`asc`, sql`>`]
  const [idDirection, idBeyond, lastOfTies] = page.isBackward
    ? [sql`asc`, sql`>`, NEVER]
    : [sql`desc`, sql`<`, 0]
  const name = sql`${sql.identifier(getTableName(key.table))}`
  const from = sql`from ${table} ${name}`
  const [k, lastId = 0] = page.after ?? []
  const ties = page.after ? [sql`${key} = ${k} and ${id} ${idBeyond} ${lastId}`] : []
  const union = (ranges: SQL[]) => {
    const selects = ranges.map((range) => sql`select ${name}.*, ${key} as "sortKey" ${from} where ${range}`)
    return sql`${sql.join(selects, sql` union all `)} order by "sortKey" ${direction}, id ${idDirection}`
  }
  const position = [sql`${name}."sortKey"`, sql`${id}`]
  const further = page.after ? sql`${key} ${beyond} ${k}` : sql`true`
  // Ties are newest first in the list.
  if (descending) return { candidates: union([...ties, further]), name, key: position }
  const last = sql`(select k from edge)`
  const between = sql`${further} and ${key} ${isDescending ? sql`>` : sql`<`} ${last}`
  const extreme = isDescending ? sql`min` : sql`max`
  // A page that is counted from the beginning and read from the end: see `limits`.
  const reach =
    page.isBackward && page.offset > 0
      ? sql`max(${kept} - ${page.offset}, 1) - 1`
      : sql`${Math.min(page.limit, MAX_SORTED) + page.offset - 1}`
  const edge = sql`with edge(k) as materialized (select coalesce(
      (select ${key} ${from} where ${further} order by ${key} ${direction} limit 1 offset ${reach}),
      (select ${extreme}(${key}) ${from} where ${further})))`
  return {
    first: edge,
    candidates: union([...ties, between, sql`${key} = ${last}${page.after ? sql` and ${further}` : sql``}`]),
    name,
    key: position,
    beyond: sql`(select json_array(k, ${lastOfTies}) from edge where exists (select 1 ${from} where ${key} ${beyond} k))`,
  }
}
