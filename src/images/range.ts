/** The Range header: RFC 9110, 14. */

export interface ByteRange {
  /** The range in R2's format. */
  of: R2Range
  /** The first and last byte of the range in an object of this size; undefined if the object has none of it. */
  within(size: number): { first: number; last: number } | undefined
}

/**
 * Parses one range of bytes. Undefined for what may be ignored (14.2), so that everything is sent: several ranges, other units, and invalid ranges,
 * such as one that ends before it begins.
 */
export function parseRange(header: string): ByteRange | undefined {
  const [, from = '', to = ''] = /^bytes=[ \t]*(\d*)-(\d*)[ \t]*$/i.exec(header) ?? []
  if (from === '') {
    if (to === '') return undefined
    const suffix = Number(to)
    return {
      // R2 refuses a suffix of 0, which no object satisfies.
      of: { suffix: Math.max(suffix, 1) },
      within: (size) =>
        suffix > 0 && size > 0 ? { first: Math.max(0, size - suffix), last: size - 1 } : undefined,
    }
  }
  const [first, last] = [Number(from), to === '' ? Number.POSITIVE_INFINITY : Number(to)]
  if (last < first || first > Number.MAX_SAFE_INTEGER) return undefined
  return {
    of: { offset: first, ...(Number.isSafeInteger(last - first + 1) && { length: last - first + 1 }) },
    within: (size) => (first < size ? { first, last: Math.min(last, size - 1) } : undefined),
  }
}
