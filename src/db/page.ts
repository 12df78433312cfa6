/** A part of a list: what is asked for, and what comes of it. */

/** Lists whose size is kept nowhere are counted up to here. */
export const COUNT_LIMIT = 1000

/** The sort values of a row: where in a list it stands (`list-order.ts`). */
export type Position = readonly number[]

/** The part of a list that one page shows. */
export interface PageRequest {
  /** Rows to read: the page's size and one more. */
  limit: number
  /** Rows to skip; 0 with `after`. */
  offset: number
  /** Begin behind the row at this position. */
  after: Position | undefined
  /** The list's size where an earlier page counted it: counting again would cost as much again. */
  count: number | undefined
}

/** The rows asked for, and the size of the whole list. */
export interface PageSlice<Row> {
  rows: Row[]
  count: number
}
