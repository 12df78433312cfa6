/** Lists whose size is kept nowhere are counted up to here. */
export const COUNT_LIMIT = 1000

/** The part of a list that one page shows. */
export interface Window {
  /** Rows to read: the page's size and one more. */
  limit: number
  /** Rows to skip; 0 with `after`. */
  offset: number
  /** Begin behind the row with these sort values. */
  after: number[] | undefined
  /** The list's size where an earlier page counted it: counting again would cost as much again. */
  count: number | undefined
}

/** A page's rows, and the size of the whole list. */
export interface Listed<Row> {
  rows: Row[]
  count: number
}
