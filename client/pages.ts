/** Lists as async iterators, by cursor: nothing is skipped or repeated while others write. */
import type { Item, Method, Output, Parameters, Path } from './schema'
import type { Transport } from './transport'

type ListPath = { [P in Path]: Item<P> extends never ? never : P }[Path]

export interface List<P extends ListPath> extends AsyncIterable<Item<P>> {
  /** Page by page. */
  pages(): AsyncIterable<Item<P>[]>
  /** One numbered page, with the list's size. */
  page(number?: number): Promise<Output<P, Method<P> & '$get'>>
}

interface Page<T> {
  next: string | null
  results: T[]
}

export function list<P extends ListPath>(
  { call }: Transport,
  path: P,
  query: Parameters<P> = {},
  param: Record<string, string> = {},
): List<P> {
  // Each list's query has these; TypeScript cannot see that for a path that is still a variable.
  const get = (more: object) =>
    call('$get' as Method<P> & '$get', path, { query: { ...query, ...more }, param } as never)

  async function* pages() {
    let cursor: string | null = ''
    while (cursor !== null) {
      const { next, results } = (await get({ cursor })) as Page<Item<P>>
      yield results
      cursor = next === null ? null : new URL(next).searchParams.get('cursor')
    }
  }
  return {
    pages,
    page: (number = 1) => get({ page: number }),
    async *[Symbol.asyncIterator]() {
      for await (const results of pages()) yield* results
    },
  }
}
