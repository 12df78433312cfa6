/** What a page of a list reads, and so how far it may reach: no page reads more than `MAX_ROWS_READ` rows. */
import { MAX_ROWS_READ } from '../db/page'

/** Rows that a page reads: for each that it shows, for each that it skips, for each that it passes over as it is not for the viewer, and whatever it shows. */
export interface Price {
  shown: number
  skipped: number
  /** Absent: the list hides nothing. */
  hidden?: number
  fixed?: number
}

export const PRICE: Price = { shown: 4, skipped: 3 }
/** Rows for signing in, for the list's size, and for the existence of what it is filtered by. */
const MARGIN = 60
/** Even the largest page looks at so many more than it shows, so that it is not short for one that is hidden. */
const MIN_PASSED_OVER = 50

/** How many rows a page of this size may skip, from either end of the list, and pass over. */
export function reachOf({ shown, skipped, hidden, fixed = 0 }: Price, size: number): number {
  const left = Math.max(0, MAX_ROWS_READ - MARGIN - fixed - shown * (size + 1))
  if (hidden === undefined) return Math.floor(left / skipped)
  // One more for each, as where reading stopped is found out by going there once more.
  return Math.max(MIN_PASSED_OVER, Math.floor(left / (Math.max(skipped, hidden) + 1)))
}

/** How many rows a page of this size may look at in all. */
export const looksOf = (price: Price, size: number): number => size + 1 + reachOf(price, size)
