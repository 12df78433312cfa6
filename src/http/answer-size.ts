/** The size of answers: a page ends before it gets too large to send and to show. */
import { MAX_PAGE_BYTES } from '../db/page'

const encoder = new TextEncoder()

/**
 * The results that fit in a page as JSON, one at least: from the first on, or up to the last. `first` is the index of the first of them. UTF-8 has
 * at most three bytes for what JavaScript counts as one, so that most pages need no closer look.
 */
export function fitting<T>(results: T[], fromLast: boolean): { first: number; results: T[] } {
  const texts = (fromLast ? results.toReversed() : results).map((result) => JSON.stringify(result))
  if (texts.reduce((sum, text) => sum + 3 * text.length + 1, 0) <= MAX_PAGE_BYTES)
    return { first: 0, results }
  let bytes = 0
  let fit = 0
  for (const text of texts) {
    bytes += encoder.encode(text).length + 1
    if (fit > 0 && bytes > MAX_PAGE_BYTES) break
    fit++
  }
  return fromLast
    ? { first: results.length - fit, results: results.slice(results.length - fit) }
    : { first: 0, results: results.slice(0, fit) }
}
