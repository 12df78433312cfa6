/** Lists as iterators and pages. They use cursors, so nothing is skipped or repeated while others write. */

import type { Call, CallOptions } from './options'
import { ASYNC_ITERATOR } from './platform'

export interface Page<T> {
  items: T[]
  /** The cursor of the next page; null after the last page. */
  next: string | null
  /** The total number; for filtered lists at most 1,000. */
  count: number
}

/** Iterates over the whole list: `for await (const post of client.posts.list())`. */
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
    // Written by hand, because some React Native engines lack async generators.
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

/** The cursor in a page's URL. Does not use `URL`, because some platforms only have a stub of it. */
function cursorOf(next: string): string | null {
  const cursor = /[?&]cursor=([^&#]*)/.exec(next)?.[1]
  return cursor === undefined ? null : decodeURIComponent(cursor)
}
