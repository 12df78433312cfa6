/**
 * A page of a list in which the viewer may not see every row. Any number of consecutive rows may be hidden, so a page examines at most
 * `page.looks` of them: it may be short or even empty, and the next page continues after the last row examined.
 *
 * Candidates are selected first, in order, and filtered afterwards, so that SQLite stops reading as soon as the page is full. Only if it is
 * not full does the same statement also find where it stopped.
 */
import { type SQL, sql } from 'drizzle-orm'
import type { SQLiteTable } from 'drizzle-orm/sqlite-core'
import { type Columns, listed, type SelectList } from './columns'
import { inListOrder } from './list-order'
import { limits, type PageRequest, type PageSlice } from './page'
import { NEVER } from './schema'

/** The columns of a SELECT, and how many they are. */
export interface Shown {
  sql: SQL
  width: number
}

export function shownColumns(list: SelectList<Columns>, more: Columns = {}): Shown {
  const width = Object.keys(list.columns).length + Object.keys(more).length
  return { sql: Object.keys(more).length > 0 ? sql`${list.sql}, ${listed(more)}` : list.sql, width }
}

interface VisiblePage {
  shown: Shown
  /** `select … order by …`, in the order of the page and from its position on. */
  candidates: SQL
  /** What the columns and conditions call them. */
  name: SQL
  joins?: SQL
  /** What of them is shown. */
  visible: SQL
  /** The position of a candidate: see `ListOrder`. */
  key: readonly SQL[]
  page: PageRequest
  /** How many there are in all, where that is kept. */
  kept?: SQL<number> | undefined
  /** How many candidates there are at most, hidden ones too: where the page may look at as many, it need not look for where it stopped. `kept`, where absent. */
  most?: SQL<number> | undefined
  /** `with …`, for the candidates. */
  first?: SQL
  /** Where there is more than the candidates, the position behind them as JSON; else null. */
  beyond?: SQL
}

const NULL = sql.raw('null')

/** `most` for a table of which every row is a candidate. */
export const largestId = (table: SQLiteTable): SQL<number> => sql<number>`(select max(id) from ${table})`

/** `most` where the count that is kept leaves out what moderators have hidden: unknown, if there is any. */
export const withHidden = (kept: SQL<number>, hidden: SQLiteTable): SQL<number> =>
  sql<number>`iif(exists (select 1 from ${hidden}), ${NEVER}, ${kept})`

/** The SELECT, for `sliceOf`: a row's column `end` is 0. Behind them, where the page is not full, comes a row of nulls whose `end` is the position. */
export function visibleRows(page: VisiblePage): SQL {
  const { shown, candidates, name, joins = sql``, visible, key, kept, beyond, first = sql`` } = page
  const { looks } = page.page
  const number = (n: number) => sql.raw(String(n))
  const most = page.most ?? kept
  const one = most ? sql`iif(${most} > ${number(looks)}, 1, 0)` : number(1)
  const last = sql`(select json_array(${sql.join([...key], sql`, `)})
    from (${candidates} limit ${one} offset ${number(looks - 1)}) ${name})`
  const nulls = sql.join(new Array<SQL>(shown.width).fill(NULL), sql`, `)
  return sql`${first} select ${shown.sql}, 0 as "end" from (${candidates} limit ${number(looks)}) ${name} ${joins} where ${visible}
    union all select ${nulls}, ${beyond ? sql`coalesce(${last}, ${beyond})` : last} ${limits(page.page, kept)}`
}

/** What `visibleRows` gives: `end` is text, or null, in the row behind the last. */
export type VisibleRow<Row> = Row & { end: number | string | null }

/** The column, where a row's columns are named. */
export const END = { end: sql<number | string | null>`0` }

/** The rows in the list's order, and where it goes on. */
export function sliceOf<Row>(
  found: VisibleRow<Row>[],
  page: PageRequest,
): Pick<PageSlice<Row>, 'rows' | 'end'> {
  const rows = found.filter(({ end }) => end === 0)
  const end = found.find((row) => typeof row.end === 'string')?.end
  return { rows: inListOrder<Row>(rows, page), end: end === undefined ? undefined : JSON.parse(String(end)) }
}
