/** The cost of a page, which limits how far it may reach: no page reads more than `MAX_ROWS_READ` rows. */
import { MAX_ROWS_READ } from '../db/page'

/** Rows that a page reads: per row shown, per row skipped, per row passed over because the viewer may not see it, and a fixed number. */
export interface Price {
  shown: number
  skipped: number
  /** Absent: the list hides nothing. */
  hidden?: number
  fixed?: number
  /** For counting the list, which a cursor saves. */
  counting?: number
}

export const PRICE: Price = { shown: 4, skipped: 3 }
/** Rows for signing in, for the list's size, and for the existence of what it is filtered by. */
const MARGIN = 60
/** Even the largest page may pass over this many, so that a few hidden rows do not make it short. */
const MIN_PASSED_OVER = 50

/** How many rows a page of this size may examine in total. */
export function looksOf(price: Price, size: number, isCounted = false): number {
  const { shown, skipped, hidden, fixed = 0, counting = 0 } = price
  const left = MAX_ROWS_READ - MARGIN - fixed - (isCounted ? 0 : counting)
  if (hidden === undefined) return size + 1 + Math.max(0, Math.floor((left - shown * (size + 1)) / skipped))
  const passed = Math.max(skipped, hidden)
  // One more for each, as where reading stopped is found out by going there once more.
  const looks = (left - (size + 1) * Math.max(0, shown - passed)) / (passed + 1)
  return Math.max(size + 1 + MIN_PASSED_OVER, Math.floor(looks))
}

/** How many of them are not shown: so many rows it may skip, from either end of the list, or pass over. */
export const reachOf = (price: Price, size: number): number => looksOf(price, size) - size - 1
