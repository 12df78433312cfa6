/**
 * Paged lists: by cursor, which costs the same at any depth, and by page number, as in the original.
 *
 * Every page reads one row more than it shows to learn whether there is a next page, because the count may be bounded.
 * No page reads more than `MAX_ROWS_READ` rows (`page-price.ts`), nor has more than `MAX_PAGE_BYTES`: pages by number are reached from either end of
 * the list as far as that allows, and what does not fit in a page, or was not looked at, is on the next.
 */
import * as z from 'zod/mini'
import type { ListOrder } from '../db/list-order'
import { COUNT_LIMIT, type PageRequest, type PageSlice, type Position } from '../db/page'
import { fitting } from './answer-size'
import { readCursor, START, writeCursor } from './cursor'
import type { RequestContext } from './env'
import { ApiError } from './errors'
import { numberLink, pageLink, pageNumber, pageSize, type Sizes } from './page-links'
import { looksOf, PRICE, type Price, reachOf } from './page-price'
import { queryParam } from './params'

/** The query parameters of every list. */
export const pageQuery = z.object({
  page: queryParam(
    'A page number, from 1, or `last`. Pages deep in the middle of a long list can only be reached by `cursor`. Without `page`, `next` uses a cursor.',
  ),
  page_size: queryParam(
    'The number of results on a page. A page ends earlier if it exceeds 1 MB, or if it would have to skip many results that you may not see: it may even be empty. `next` continues after it.',
  ),
  cursor: queryParam('Use instead of `page`: empty for the first page, then as in `next` and `previous`.'),
})

const SIZES: Sizes = { standard: 20, max: 100 }

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
  /** The list's filter: a cursor made for another filter is refused. */
  filter?: unknown
  /** Whether the list's size is stored, so that it is always exact and costs a row or two. */
  isCountKept: boolean
  /** If it is not stored: the largest size that is counted. */
  countLimit?: number
  /** One D1 call: the requested rows, and the total number. */
  load: (page: PageRequest) => Promise<PageSlice<Row>>
  view: (row: Row) => T
  sizes?: Sizes
  price?: Price
}

/**
 * The requested page of a list. 404 for a page that is not a positive number, beyond the last or too deep; 400 for a cursor that
 * is malformed or belongs to another list, filter or order.
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
  const start = readCursor(cursor, list.order, list.filter)
  const request: PageRequest = {
    limit: size + 1,
    offset: 0,
    looks: looksOf(list.price ?? PRICE, size, start.count !== undefined),
    ...start,
  }
  return linkedByCursor(c, request, await list.load(request), size, list)
}

/** The rows that fit, with cursors to the next and previous pages. */
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
  const looks = looksOf(price, size)
  const start = { ...START, limit: size + 1, looks }
  if (page === 'last') {
    const request = { ...start, offset: 0, isBackward: true }
    const slice = await load(request)
    const { rows, count, end } = slice
    const isExact = isCountKept || (count !== undefined && count < countLimit)
    // Not all rows were examined, so the previous page has no number.
    if (count === undefined || !isExact || end !== undefined)
      return linkedByCursor(c, request, slice, size, list)
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
    ? { ...START, limit: size, offset, isBackward: true, reach, looks }
    : { ...start, offset, isBackward: false }
  const { rows, count: counted, end } = await load(request)
  if (number > 1 && rows.length === 0) throw new ApiError('invalid_page')
  const count = counted ?? offset + rows.length
  const wanted = rows.slice(0, size)
  const { results } = fitting(wanted.map(view), false)
  const isMore = isDeep ? count > offset + size : rows.length > size
  const isCut = results.length < wanted.length
  const cursorTo = (position: Position | undefined, backward: boolean) =>
    position &&
    pageLink(c, { page: undefined, cursor: writeCursor(order, filter, count, position, backward) })
  const to = (row: Row | undefined) => row && order.positionOf(row)
  // Page numbers from both ends only match if nothing is hidden; otherwise a cursor continues.
  const isNumbered = isDeep || offset + size <= reach
  const onwards = isMore || isCut ? to(wanted[results.length - 1]) : isDeep ? undefined : end
  const next = isMore && !isCut && isNumbered ? numberLink(c, number + 1) : (cursorTo(onwards, false) ?? null)
  const isNumberedBefore = offset - size <= reach || (end === undefined && count - offset <= reach)
  const previous = isNumberedBefore
    ? numberLink(c, number - 1)
    : (cursorTo(end ?? to(wanted[0]), true) ?? null)
  return { count, next, previous, results }
}
