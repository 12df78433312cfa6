/**
 * Replays what the original system was observed to answer. Cases build on each other, as they did when they were
 * recorded; `conformance/state.ts` has what happened between them, `conformance/departures.ts` where ours differs.
 */
import { exports } from 'cloudflare:workers'
import { afterAll, describe, expect, test } from 'vitest'
import { shortDate } from '../src/http/dates'
import { CASES, type Case, ORIGIN } from './conformance/cases'
import { DEPARTURES, everywhere } from './conformance/departures'
import { type Comparison, cookieDifferences, differences, type Image } from './conformance/match'
import { requestOf } from './conformance/requests'
import { STEPS } from './conformance/state'
import { remember } from './conformance/tokens'

const counted = { replayed: 0, departures: 0 }
const started = Date.now()
const images = new Map<string, string>()
const fetched = new Set<string>()

describe('what the original answered', () => {
  for (const recorded of CASES.map(everywhere)) {
    test(recorded.name, async () => {
      await STEPS[recorded.name]?.()
      const answer = await replay(recorded)
      counted.replayed++
      const departure = DEPARTURES.find(({ cases }) => cases.includes(recorded.name))
      if (departure) {
        counted.departures++
        const unchanged = compare(recorded, answer, new Map(images)).differences
        expect(unchanged, `no longer departs: ${departure.because}`).not.toEqual([])
      }
      const compared = compare({ ...recorded, ...departure?.ours(recorded) }, answer, images)
      expect(compared.differences, JSON.stringify(answer.body)?.slice(0, 2000)).toEqual([])
      await fetchImages(compared.shown)
    })
  }

  afterAll(() => {
    const { replayed, departures } = counted
    console.log(
      `conformance: ${replayed} of ${CASES.length} recorded cases replayed, ` +
        `${departures} of them answered otherwise on purpose`,
    )
  })
})

describe('the tables', () => {
  const names = new Set(CASES.map(({ name }) => name))

  test('every step belongs to a case', () => {
    expect(Object.keys(STEPS).filter((name) => !names.has(name))).toEqual([])
  })

  test('every departure belongs to a case, and a case has one at most', () => {
    const departing = DEPARTURES.flatMap(({ cases }) => cases)
    expect(departing.filter((name) => !names.has(name))).toEqual([])
    expect(new Set(departing).size).toBe(departing.length)
  })
})

describe('the comparison', () => {
  const compared = (expected: Parameters<typeof differences>[0], actual: unknown, exact = false) =>
    differences(expected, actual, { today: new Set(['27 Aug 2024']), images: new Map(), shown: [], exact })
      .length

  test('takes more fields, but not in an error', () => {
    expect(compared({ id: 1 }, { id: 1, created: 'now' })).toBe(0)
    expect(compared({ title: ['bad'] }, { title: ['bad'], image: ['bad'] }, true)).toBe(1)
  })

  test('finds a field that is missing, of another type or another value', () => {
    expect(compared({ id: 1, like_id: null }, { id: 1 })).toBe(1)
    expect(compared({ id: 1 }, { id: '1' })).toBe(1)
    expect(compared({ results: [{ id: 1 }, { id: 2 }] }, { results: [{ id: 2 }, { id: 1 }] })).toBe(2)
  })

  test('knows how long a list and a text were that were cut', () => {
    expect(compared([1, '… 2 in all'], [1, 2])).toBe(0)
    expect(compared([1, '… 2 in all'], [1, 2, 3])).toBe(1)
    expect(compared({ results: [1], _results_length: 2 }, { results: [1] })).toBe(1)
    expect(compared('cc…<4 chars>', 'cccc')).toBe(0)
    expect(compared('cc…<4 chars>', 'ccc')).toBe(1)
  })

  test('lets a placeholder stand for its own kind only', () => {
    expect(compared(['<DD Mon YYYY>', '<now>'], ['27 Aug 2024', '3\u00a0seconds ago'])).toBe(0)
    expect(compared(['<DD Mon YYYY>', '<now>', '<HH:MM>'], ['28 Aug 2024', 'a minute ago', '24:00'])).toBe(3)
    expect(compared('<BASE>/media/images/small_<rand>.png', `${ORIGIN}/media/small.png`)).toBe(1)
    expect(compared('<jwt alg=HS256 access ttl=300 claims=exp,iat>', 'a.b.c')).toBe(1)
  })
})

interface Answered {
  status: number
  headers: Headers
  body: unknown
}

async function replay(recorded: Case): Promise<Answered> {
  const response = await exports.default.fetch(await requestOf(recorded))
  const text = await response.text()
  const isJson = response.headers.get('content-type')?.startsWith('application/json') && text !== ''
  const body = isJson ? JSON.parse(text) : text
  const username = body.user?.username
  if (username) remember(username, { access: body.access_token, refresh: body.refresh_token })
  return { status: response.status, headers: response.headers, body }
}

/** What this answer has otherwise than expected, and which uploaded images it shows. */
function compare(expected: Case, { status, headers, body }: Answered, known: Map<string, string>) {
  const comparison: Comparison = {
    today: new Set([shortDate(started), shortDate(Date.now())]),
    images: known,
    shown: [],
    exact: expected.status >= 400,
  }
  const found = [
    ...differences(expected.status, status, comparison, 'status'),
    ...differences(expected.body, body, comparison),
    ...differences(
      expected.headers['www-authenticate'] ?? null,
      headers.get('www-authenticate'),
      comparison,
      'www-authenticate',
    ),
    ...cookieDifferences(expected.headers['set-cookie'] ?? [], headers.getSetCookie(), comparison),
  ]
  if (expected.status === 405) {
    const allowed = methods(expected.headers.allow)
    // One odd view of the original lists HEAD without GET.
    const possible = allowed.filter((method) => method !== 'HEAD' || allowed.includes('GET'))
    found.push(...differences(possible, methods(headers.get('allow')), comparison, 'allow'))
  }
  return { differences: found, shown: comparison.shown }
}

const methods = (allow: string | null | undefined) => (allow ?? '').split(', ').sort()

/** A URL in an answer is worth what it leads to. */
async function fetchImages(shown: Image[]): Promise<void> {
  for (const { url, type } of shown) {
    if (fetched.has(url)) continue
    fetched.add(url)
    const response = await exports.default.fetch(url)
    await response.arrayBuffer()
    expect([url, response.status, response.headers.get('content-type')]).toEqual([url, 200, type])
  }
}
