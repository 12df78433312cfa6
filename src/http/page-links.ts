/** A list's page parameters, and the URLs of other pages. */
import type { RequestContext } from './env'
import { ApiError } from './errors'

export interface Sizes {
  standard: number
  max: number
}

/** The first page is named by leaving the parameter out, as in the original. */
export const numberLink = (c: RequestContext, number: number): string | null =>
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

/** Invalid values are ignored, large ones are clamped. */
export function pageSize(value: string | undefined, { standard, max }: Sizes): number {
  const size = value !== undefined && /^\d+$/.test(value) ? Number(value) : 0
  return size > 0 ? Math.min(size, max) : standard
}

/** 404 if it is not a page number. */
export function pageNumber(value: string): number {
  const page = /^\s*\d+\s*$/.test(value) ? Number(value) : 0
  // There are never 2^33 pages, and the offset must stay an integer for SQLite.
  if (page < 1 || page > 2 ** 33) throw new ApiError('invalid_page')
  return page
}
