/**
 * Lists, in pages: by cursor, which costs the same however deep, and by number as the original has them.
 *
 * Every page reads one row more than it shows, so whether there is a next one is seen and not computed from a count that may be bounded.
 * No page reads more than `MAX_ROWS_READ` rows, nor has more than `MAX_PAGE_BYTES`: pages by number are reached from either end of the list
 * as far as that allows, and what does not fit in a page is on the next.
 */
import * as z from 'zod/mini'
import type { ListOrder } from '../db/list-order'
import { COUNT_LIMIT, MAX_ROWS_READ, type PageRequest, type PageSlice } from '../db/page'
import { fitting } from './answer-size'
import { readCursor, START, writeCursor } from './cursor'
import type { RequestContext } from './env'
import { ApiError } from './errors'
import { queryParam } from './params'

/** The query parameters of every list. */
export const pageQuery = z.object({
  page: queryParam(
    'The number of a page, from 1, or `last`. Pages deep in the middle of a long list are read by `cursor` only. Without `page`, `next` goes on by cursor.',
  ),
  page_size: queryParam(
    'How many results a page has. One of more than 1 MB ends earlier; `next` goes on behind it.',
  ),
  cursor: queryParam('Instead of `page`: empty for the first page, then as `next` and `previous` have it.'),
})

export interface Sizes {
  standard: number
  max: number
}

const SIZES: Sizes = { standard: 20, max: 100 }

/** Rows that a page reads: for each that it shows, for each that it skips, and whatever it shows. */
export interface Price {
  shown: number
  skipped: number
  fixed?: number
}

const PRICE: Price = { shown: 4, skipped: 3 }
/** Rows for signing in, for the list's size, and for the existence of what it is filtered by. */
const MARGIN = 60

/** A page as clients get it. */
export interface PageOf<T> {
  count: number
  next: string | null
  previous: string | null
  results: T[]
}

/** The schema of a page. */
export const pageOf = <T extends z.ZodMiniType>(item: T) =>
  z
    .object({
      count: z.int(),
      next: z.nullable(z.url()),
      previous: z.nullable(z.url()),
      results: z.array(item),
    })
    .register(z.globalRegistry, { id: `${z.globalRegistry.get(item)?.id}Page` })

interface List<Row, T> {
  order: ListOrder<Row>
  /** What the list is filtered by: a cursor that was made for another filter is refused. */
  filter?: unknown
  /** Whether the list's size is kept in the database, so that it is always exact and costs a row or two. */
  isCountKept: boolean
  /** Where it is not: up to which size it is counted. */
  countLimit?: number
  /** One D1 call: the rows asked for, and how many there are in all. */
  load: (page: PageRequest) => Promise<PageSlice<Row>>
  view: (row: Row) => T
  sizes?: Sizes
  price?: Price
}

/**
 * One page of a list, as the query asks for it. A page that is no number, not positive, beyond the last or too deep: 404; a cursor that
 * cannot be read, or belongs to another list, filter or order: 400.
 */
export function answerPage<Row, T>(
  c: RequestContext,
  query: z.output<typeof pageQuery>,
  list: List<Row, T>,
): Promise<PageOf<T>> {
  const size = pageSize(query.page_size, list.sizes ?? SIZES)
  return query.page && query.cursor === undefined
    ? numberedPage(c, query.page, size, list)
    : cursorPage(c, query.cursor ?? '', size, list)
}

async function cursorPage<Row, T>(
  c: RequestContext,
  cursor: string,
  size: number,
  list: List<Row, T>,
): Promise<PageOf<T>> {
  const request: PageRequest = { limit: size + 1, offset: 0, ...readCursor(cursor, list.order, list.filter) }
  return linkedByCursor(c, request, await list.load(request), size, list)
}

/** The rows that fit, with cursors behind and before them. */
function linkedByCursor<Row, T>(
  c: RequestContext,
  request: PageRequest,
  { rows, count: counted, end }: PageSlice<Row>,
  size: number,
  { order, filter, view }: List<Row, T>,
): PageOf<T> {
  const { isBackward, after } = request
  const wanted = isBackward ? rows.slice(-size) : rows.slice(0, size)
  const { first, results } = fitting(wanted.map(view), isBackward)
  const shown = wanted.slice(first, first + results.length)
  const count = counted ?? request.count ?? rows.length
  const isMore = rows.length > shown.length
  const [head, tail] = [shown[0], shown.at(-1)]
  const onwards = isMore ? (isBackward ? head : tail) : undefined
  const position = onwards ? order.positionOf(onwards) : end
  const link = (to: typeof position, backward: boolean) =>
    to ? pageLink(c, { page: undefined, cursor: writeCursor(order, filter, count, to, backward) }) : null
  const back = after && (isBackward ? tail : head)
  const returning = link(back && order.positionOf(back), !isBackward)
  const continuing = link(position, isBackward)
  return {
    count,
    next: isBackward ? returning : continuing,
    previous: isBackward ? continuing : returning,
    results,
  }
}

async function numberedPage<Row, T>(
  c: RequestContext,
  page: string,
  size: number,
  list: List<Row, T>,
): Promise<PageOf<T>> {
  const { order, filter, isCountKept, countLimit = COUNT_LIMIT, load, view, price = PRICE } = list
  const reach = reachOf(price, size)
  const start = { ...START, limit: size + 1 }
  if (page === 'last') {
    const request = { ...start, offset: 0, isBackward: true }
    const slice = await load(request)
    const { rows, count, end } = slice
    const isExact = isCountKept || (count !== undefined && count < countLimit && end === undefined)
    if (count === undefined || !isExact) return linkedByCursor(c, request, slice, size, list)
    const number = Math.max(1, Math.ceil(count / size))
    const onPage = count - (number - 1) * size
    const last = onPage > 0 ? rows.slice(-onPage) : []
    const { first, results } = fitting(last.map(view), true)
    const head = last[first]
    const cut = first > 0 && head && writeCursor(order, filter, count, order.positionOf(head), true)
    const previous = cut ? pageLink(c, { page: undefined, cursor: cut }) : numberLink(c, number - 1)
    return { count, next: null, previous, results }
  }

  const number = pageNumber(page)
  const offset = (number - 1) * size
  const isDeep = offset > reach
  if (isDeep && !isCountKept) throw new ApiError('invalid_page')
  const request = isDeep
    ? { ...START, limit: size, offset, isBackward: true, reach }
    : { ...start, offset, isBackward: false }
  const { rows, count: counted, end } = await load(request)
  if (number > 1 && rows.length === 0) throw new ApiError('invalid_page')
  const count = counted ?? offset + rows.length
  const wanted = rows.slice(0, size)
  const { results } = fitting(wanted.map(view), false)
  const isReached = (other: number) => {
    const skipped = (other - 1) * size
    return skipped <= reach || (isCountKept && count - skipped - size <= reach)
  }
  const isMore = isDeep ? count > offset + size : rows.length > size
  const isCut = results.length < wanted.length
  const cursorTo = (row: Row | undefined, backward: boolean) =>
    row
      ? pageLink(c, {
          page: undefined,
          cursor: writeCursor(order, filter, count, order.positionOf(row), backward),
        })
      : null
  const behind = wanted[results.length - 1]
  const next =
    isMore || isCut
      ? !isCut && isReached(number + 1)
        ? numberLink(c, number + 1)
        : cursorTo(behind, false)
      : end
        ? pageLink(c, { page: undefined, cursor: writeCursor(order, filter, count, end, false) })
        : null
  const previous = isReached(number - 1) ? numberLink(c, number - 1) : cursorTo(wanted[0], true)
  return { count, next, previous, results }
}

/** How many rows a page of this size may skip, from either end of the list. */
const reachOf = ({ shown, skipped, fixed = 0 }: Price, size: number): number =>
  Math.max(0, Math.floor((MAX_ROWS_READ - MARGIN - fixed - shown * (size + 1)) / skipped))

/** The first page is named by leaving the parameter out, as in the original. */
const numberLink = (c: RequestContext, number: number): string | null =>
  number < 1 ? null : pageLink(c, { page: number === 1 ? undefined : String(number) })

/** The request's URL with parameters changed, or (undefined) left out. */
export function pageLink(c: RequestContext, changes: Record<string, string | undefined>): string {
  const url = new URL(c.req.url)
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) url.searchParams.delete(name)
    else url.searchParams.set(name, value)
  }
  return url.href
}

/** Garbage is ignored, too much is clamped. */
export function pageSize(value: string | undefined, { standard, max }: Sizes): number {
  const size = value !== undefined && /^\d+$/.test(value) ? Number(value) : 0
  return size > 0 ? Math.min(size, max) : standard
}

function pageNumber(value: string): number {
  const page = /^\s*\d+\s*$/.test(value) ? Number(value) : 0
  // Past 2^33 pages there is nothing, and an offset must stay an integer for SQLite.
  if (page < 1 || page > 2 ** 33) throw new ApiError('invalid_page')
  return page
}
