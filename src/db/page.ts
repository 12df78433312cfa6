/** A part of a list: what is asked for, and what comes of it. */
import { type SQL, sql } from 'drizzle-orm'

/** Lists whose size is kept nowhere are counted up to here. */
export const COUNT_LIMIT = 1000

/** No page of any list reads more rows than this, whatever is asked for: see `looksOf` in `http/page-price.ts`. */
export const MAX_ROWS_READ = 2500

/** What a page may hold of texts, and in all, as JSON. It has one row at least. */
export const MAX_PAGE_BYTES = 1_000_000

/** The sort values of a row: where in a list it stands (`list-order.ts`). */
export type Position = readonly (number | string)[]

/** The part of a list that one page shows. */
export interface PageRequest {
  /** Rows to read: the page's size and one more. */
  limit: number
  /** Rows to skip; 0 with `after`. */
  offset: number
  /** Begin behind the row at this position; read backwards, before it. */
  after: Position | undefined
  /**
   * Read from the end of the list, or from `after`, towards its beginning. Rows come in the list's own order all the same. With an `offset`,
   * which counts from the beginning as ever, only lists whose size is kept can be read so.
   */
  isBackward: boolean
  /** With both: how many rows may be skipped from the end. */
  reach?: number
  /** How many rows may be looked at, where not all are for the viewer: see `visible-page.ts`. */
  looks: number
  /** The list's size where an earlier page counted it: counting again would cost as much again. */
  count: number | undefined
}

/** The rows asked for, and the size of the whole list. */
export interface PageSlice<Row> {
  rows: Row[]
  /** Absent: unknown, as finding out would mean reading the list. What was found so far then stands for it. */
  count?: number
  /** Where reading stopped before the page was full, as it had looked at as many rows as it may: the list goes on behind it. */
  end?: Position | undefined
}

/**
 * `limit … offset …` of the page. Where the list's size is `kept` (an expression that reads a row or two), it tells a page beyond the last,
 * which then reads nothing, and where a page that is counted from the beginning begins from the end.
 */
export function limits({ limit, offset, isBackward, reach = 0 }: PageRequest, kept?: SQL<number>): SQL {
  if (offset === 0 || kept === undefined) return sql`limit ${limit} offset ${offset}`
  if (!isBackward) return sql`limit iif(${kept} > ${offset}, ${limit}, 0) offset ${offset}`
  const fromEnd = sql`max(${kept} - ${offset + limit}, 0)`
  return sql`limit iif(${fromEnd} > ${reach}, 0, max(min(${kept} - ${offset}, ${limit}), 0)) offset ${fromEnd}`
}

/** What D1 may send for one page, and is cut to its size afterwards. */
const MAX_BYTES_READ = 10_000_000

/**
 * Of the rows, those that a page has room for, judged by their `content`: what would be cut off anyway (`http/answer-size.ts`) need not travel.
 * The row that is too much is among them, so that it is seen that there are more. Reads two more for each row where a page might become large.
 *
 * @param most How many rows there can be, and the longest content in bytes.
 */
export const withinBytes = (rows: SQL, most: { rows: number; contentBytes: number }): SQL =>
  most.rows * most.contentBytes <= MAX_BYTES_READ
    ? rows
    : sql`select * from
  (select *, sum(octet_length("content")) over (rows between unbounded preceding and 1 preceding) as "bytesBefore" from (${rows}))
  where "bytesBefore" is null or "bytesBefore" <= ${sql.raw(String(MAX_PAGE_BYTES))}`
