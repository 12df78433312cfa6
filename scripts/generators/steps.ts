/**
 * The steps that every generated client must be able to do, and how it reports failure. Runs in the folder with the generated code, against a server.
 */
import assert from 'node:assert/strict'

export { assert }

/** The origin of the server, which contains the seed. */
export const ORIGIN = process.env.ORIGIN ?? ''

/** A user of the seed. */
export const ALICE = { username: 'alice', password: process.env.PASSWORD ?? '' }

export const PAGE = 50

/** One pixel. */
export const image = () =>
  new File(
    [
      Buffer.from(
        'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==',
        'base64',
      ),
    ],
    'pixel.png',
    { type: 'image/png' },
  )

/** The cursor in a page's `next`. */
export const cursorOf = (next: string | null): string | undefined =>
  next === null ? undefined : (new URL(next).searchParams.get('cursor') ?? undefined)

interface Page {
  count: number
  next: string | null
  results: { id: number }[]
}

/** Reads a list to its end by cursor. Everything must be there exactly once. */
export async function readAll(load: (cursor: string) => Promise<Page>): Promise<void> {
  const ids: number[] = []
  let [cursor, pages, count]: [string | undefined, number, number] = ['', 0, 0]
  while (cursor !== undefined) {
    const page = await load(cursor)
    count = page.count
    ids.push(...page.results.map(({ id }) => id))
    cursor = cursorOf(page.next)
    pages += 1
  }
  assert.ok(pages > 2, 'There are several pages.')
  assert.equal(ids.length, count)
  assert.equal(new Set(ids).size, ids.length)
}

export const isImage = (url: string) => /\/media\/[0-9a-f]{64}$/.test(url)
