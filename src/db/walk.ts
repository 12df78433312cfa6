/**
 * Reading a table in the order of an indexed number, ties newest first, from any place in that order.
 *
 * An index on (k) holds (k, id) ascending, so it can be read as (k, id) or as (k desc, id desc); we need (k, id desc) too,
 * and a place in the middle of many ties. A recursive query steps from row to row instead: to the next older of the same k, else to the newest of the
 * next k. Each step is one or two index look-ups, wherever it is.
 */
import { type SQL, sql } from 'drizzle-orm'

interface Walk {
  table: SQL
  key: SQL
  descending: boolean
  /** [k, id] of the row to begin behind. */
  after: number[] | undefined
  steps: number
}

/** Beyond any key. */
const ABOVE = 2 ** 53
const BELOW = -1

/** `with recursive walk as (…)`: up to `steps` whole rows of the table. Reads 3 to 4 rows a step. */
export function walk({ table, key, descending, after, steps }: Walk): SQL {
  const [extreme, beyond] = descending ? [sql`max`, sql`<`] : [sql`min`, sql`>`]
  const next = (k: SQL, id: SQL) => sql`coalesce(
    (select max(id) from ${table} where ${key} = ${k} and id < ${id}),
    (select max(id) from ${table} where ${key} = (select ${extreme}(${key}) from ${table} where ${key} ${beyond} ${k})))`
  const [k = descending ? ABOVE : BELOW, id = 0] = after ?? []
  return sql`with recursive walk as (
    select * from ${table} where id = ${next(sql`${k}`, sql`${id}`)}
    union all
    select n.* from walk cross join ${table} n on n.id = ${next(sql`walk.${key}`, sql`walk.id`)}
    limit ${steps})`
}
