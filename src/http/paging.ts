/**
 * Lists: `page` numbers as the original has them, and cursors that cost the same however deep.
 *
 * Both read one row more than they show, so whether there is a next page is seen and not computed from a count
 * that may be bounded.
 */
import * as z from 'zod'
import type { ListOrder } from '../db/list-order'
import type { PageRequest, PageSlice, Position } from '../db/page'
import type { RequestContext } from './env'
import { ApiError, ValidationError } from './errors'
import { queryParam } from './params'

/** The query parameters of every list. */
export const pageQuery = z.object({
  page: queryParam('The number of a page, from 1, or `last`.'),
  page_size: queryParam('How many results a page has.'),
  cursor: queryParam('Instead of `page`: empty for the first page, then as `next` has it.'),
})

interface Sizes {
  standard: number
  max: number
}

const START = { after: undefined, count: undefined }
const SIZES: Sizes = { standard: 20, max: 100 }

/** A page as clients get it. */
export interface PageOf<T> {
  count: number
  next: string | null
  previous: string | null
  results: T[]
}

/** The schema of a page. */
export const pageOf = <T extends z.ZodType>(item: T) =>
  z
    .object({
      count: z.int(),
      next: z.url().nullable(),
      previous: z.url().nullable(),
      results: z.array(item),
    })
    .meta({ id: `${item.meta()?.id}Page` })

interface List<Row, T> {
  order: ListOrder<Row>
  /** What the list is filtered by: a cursor that was made for another filter is refused. */
  filter?: unknown
  /** One D1 call: the rows asked for, and how many there are in all. */
  load: (page: PageRequest) => Promise<PageSlice<Row>>
  view: (row: Row) => T
  sizes?: Sizes
}

/**
 * One page of a list, as the query asks for it. A page that is no number, not positive or beyond the last: 404; a cursor that
 * cannot be read, or belongs to another list, filter or order: 400.
 */
export async function answerPage<Row, T>(
  c: RequestContext,
  query: z.output<typeof pageQuery>,
  { order, filter, load, view, sizes = SIZES }: List<Row, T>,
): Promise<PageOf<T>> {
  const size = pageSize(query.page_size, sizes)
  const limit = size + 1
  if (query.cursor !== undefined) {
    const list = nameOf(order, filter)
    const { rows, count } = await load({ limit, offset: 0, ...readCursor(query.cursor, list, order.arity) })
    const last = rows.length > size ? rows[size - 1] : undefined
    const next = last && pageLink(c, { cursor: writeCursor(list, count, order.positionOf(last)) })
    return { count, next: next ?? null, previous: null, results: rows.slice(0, size).map(view) }
  }
  const page =
    query.page === 'last'
      ? Math.max(1, Math.ceil((await load({ limit: 1, offset: 0, ...START })).count / size))
      : pageNumber(query.page || '1')
  const { rows, count } = await load({ limit, offset: (page - 1) * size, ...START })
  if (page > 1 && rows.length === 0) throw new ApiError('invalid_page')
  return {
    count,
    next: rows.length > size ? pageLink(c, { page: String(page + 1) }) : null,
    // The first page is named by leaving the parameter out, as in the original.
    previous: page > 1 ? pageLink(c, { page: page === 2 ? undefined : String(page - 1) }) : null,
    results: rows.slice(0, size).map(view),
  }
}

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
  // Past 2^40 rows there is nothing, and an offset must stay an integer for SQLite.
  if (page < 1 || page > 2 ** 33) throw new ApiError('invalid_page')
  return page
}

/** Names the list that a cursor is good for. */
const nameOf = (order: ListOrder<never>, filter: unknown): string =>
  filter === undefined ? order.name : `${order.name}:${fingerprint(JSON.stringify(filter))}`

/** FNV-1a, 32 bits: short, as it stands in every link, and made for telling apart what is not meant to collide. */
function fingerprint(text: string): string {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return (hash >>> 0).toString(36)
}

/** A cursor is base64url of `[list, count, ...position]`: opaque to clients, worth nothing to forge. */
const writeCursor = (list: string, count: number, position: Position): string =>
  new TextEncoder()
    .encode(JSON.stringify([list, count, ...position]))
    .toBase64({ alphabet: 'base64url', omitPadding: true })

function readCursor(cursor: string, list: string, arity: number): Pick<PageRequest, 'after' | 'count'> {
  if (cursor === '') return START
  try {
    const [madeFor, ...values]: unknown[] = JSON.parse(
      new TextDecoder().decode(Uint8Array.fromBase64(cursor, { alphabet: 'base64url' })),
    )
    if (madeFor === list && values.length === arity + 1 && values.every(Number.isSafeInteger)) {
      // What was just tried of each.
      const [count = 0, ...after] = values as number[]
      return { count: Math.max(count, 0), after }
    }
  } catch {
    // Not base64, not JSON or not a list: told below.
  }
  throw new ValidationError({ cursor: ['Invalid cursor.'] })
}
