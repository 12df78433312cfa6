/** Lists, as iterators and in pages, by cursor: nothing is skipped or repeated while others write. */

import type { Call, CallOptions } from './options'
import { ASYNC_ITERATOR } from './platform'

export interface Page<T> {
  items: T[]
  /** What to ask for the next page with; null behind the last one. */
  next: string | null
  /** How many there are in all; of filtered lists at most 1,000. */
  count: number
}

/** Iterates over all there are; `for await (const post of client.posts.list())`. */
export interface List<T> extends AsyncIterable<T> {
  /** One page: the first, or the one that another page's `next` names. */
  page(cursor?: string | null, options?: CallOptions): Promise<Page<T>>
}

interface Answer<T> {
  count: number
  next: string | null
  results: T[]
}

export function list<T>(call: Call, path: string, query: object = {}, defaults: CallOptions = {}): List<T> {
  const page = async (cursor?: string | null, options?: CallOptions) => {
    const { count, next, results } = await call<Answer<T>>('GET', path, {
      ...defaults,
      ...options,
      query: { ...query, cursor: cursor ?? '' },
    })
    return { items: results, next: next && cursorOf(next), count }
  }
  return {
    page,
    // By hand, as async generators are what engines of React Native lack.
    [ASYNC_ITERATOR]() {
      let next: string | null = ''
      let items: T[] = []
      return {
        async next() {
          while (items.length === 0 && next !== null) ({ items, next } = await page(next))
          return items.length > 0
            ? { value: items.shift() as T, done: false }
            : { value: undefined, done: true }
        },
        async return() {
          items = []
          next = null
          return { value: undefined, done: true }
        },
      }
    },
  }
}

/** The cursor in a page's address. Not by `URL`, which some platforms have only by name. */
function cursorOf(next: string): string | null {
  const cursor = /[?&]cursor=([^&#]*)/.exec(next)?.[1]
  return cursor === undefined ? null : decodeURIComponent(cursor)
}
