/** A page of a list: the request and the result. */
import { type SQL, sql } from 'drizzle-orm'

/** Lists whose size is not stored are counted up to this number. */
export const COUNT_LIMIT = 1000

/** The most rows that any page of any list reads: see `looksOf` in `http/page-price.ts`. */
export const MAX_ROWS_READ = 2500

/** The largest texts of a page, and the largest page, as JSON. A page has at least one row. */
export const MAX_PAGE_BYTES = 1_000_000

/** A row's sort values, which are its position in a list (`list-order.ts`). */
export type Position = readonly (number | string)[]

/** The part of a list that one page shows. */
export interface PageRequest {
  /** Rows to read: the page's size plus one. */
  limit: number
  /** Rows to skip; 0 with `after`. */
  offset: number
  /** Start after the row at this position; when reading backwards, before it. */
  after: Position | undefined
  /**
   * Read from the end of the list, or from `after`, towards its beginning. The result is still in list order. With an `offset`,
   * which always counts from the beginning, this requires a list whose size is stored.
   */
  isBackward: boolean
  /** With both: how many rows may be skipped from the end. */
  reach?: number
  /** How many rows may be examined, if the viewer may not see all of them: see `visible-page.ts`. */
  looks: number
  /** The list's size, if an earlier page counted it: saves counting again. */
  count: number | undefined
}

/** The requested rows, and the size of the whole list. */
export interface PageSlice<Row> {
  rows: Row[]
  /** Absent if unknown, because counting would mean reading the list. The rows found so far are then reported instead. */
  count?: number
  /** Where reading stopped at the limit of examined rows, before the page was full: the list continues after it. */
  end?: Position | undefined
}

/**
 * `limit … offset …` of the page. If the list's size is `kept` (an expression that reads a row or two), it detects a page beyond the last,
 * which then reads nothing, and converts an offset from the beginning into one from the end.
 */
export function limits({ limit, offset, isBackward, reach = 0 }: PageRequest, kept?: SQL<number>): SQL {
  if (offset === 0 || kept === undefined) return sql`limit ${limit} offset ${offset}`
  if (!isBackward) return sql`limit iif(${kept} > ${offset}, ${limit}, 0) offset ${offset}`
  const fromEnd = sql`max(${kept} - ${offset + limit}, 0)`
  return sql`limit iif(${fromEnd} > ${reach}, 0, max(min(${kept} - ${offset}, ${limit}), 0)) offset ${fromEnd}`
}

/** The most that D1 may send for one page, which is cut to size afterwards. */
const MAX_BYTES_READ = 10_000_000

/**
 * The rows that fit on a page, judged by their `content`: rows that would be cut off anyway (`http/answer-size.ts`) need not be sent.
 * Includes the first row that does not fit, which shows that there are more. Reads two more for each row if a page might become too large.
 *
 * @param most The most rows possible, and the longest content in bytes.
 */
export const withinBytes = (rows: SQL, most: { rows: number; contentBytes: number }): SQL =>
  most.rows * most.contentBytes <= MAX_BYTES_READ
    ? rows
    : sql`select * from
  (select *, sum(octet_length("content")) over (rows between unbounded preceding and 1 preceding) as "bytesBefore" from (${rows}))
  where "bytesBefore" is null or "bytesBefore" <= ${sql.raw(String(MAX_PAGE_BYTES))}`
