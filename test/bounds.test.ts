/** Every list with every parameter, in tables of 20,000 rows: no page reads more than 2,500, in one call. A list without a bound here fails. */
import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, test } from 'vitest'
import * as z from 'zod/mini'
import { describedRoutes } from '../scripts/openapi/routes'
import { app } from '../src/app'
import { MAX_SESSIONS } from '../src/auth/session-queries'
import { MAX_PAGE_BYTES, MAX_ROWS_READ } from '../src/db/page'
import { type Answer, anyone, PASSWORD, type Person, signUp, stored } from './client'
import { CONVERSATIONS, fillTables, LISTS, pathOf, ROWS } from './fixtures/tables'

/** Lists that are no pages, and what they read. */
const ARRAYS = { '/messages/': CONVERSATIONS + 3 * 501 + 5, '/sessions/': 2 * MAX_SESSIONS + 6 }

let alice: Person
/** Somebody who blocks 200 people. */
let blocker: Person

const normal = (path: string) => `${path.replace(/^\/api/, '').replace(/\/$/, '')}/`

beforeAll(async () => {
  alice = await signUp('alice')
  blocker = await fillTables(alice)
})

test('every list of the API is among these', () => {
  const lists = describedRoutes(app)
    .filter(({ method, about }) => {
      const answers = [about.answers[200]].flat()
      const isList = (answer: unknown) =>
        answer instanceof z.ZodMiniArray || (answer instanceof z.ZodMiniObject && 'results' in answer.shape)
      return method === 'GET' && answers.some(isList)
    })
    .map(({ path }) => normal(path))
  const known = [...Object.keys(LISTS), ...Object.keys(ARRAYS)]
  expect([...new Set(lists)].sort()).toEqual(known.sort())
})

/** The filters one by one and in pairs of different parameters. */
function queries(parameters: string[]): string[] {
  const name = (parameter: string) => parameter.split('=')[0]
  const pairs = parameters.flatMap((one, i) =>
    parameters.slice(i + 1).flatMap((other) => (name(one) === name(other) ? [] : [`${one}&${other}`])),
  )
  return ['', ...parameters, ...pairs]
}

describe.each(Object.entries(LISTS))('%s', (list, parameters) => {
  test('a page costs somebody with 200 blocks a quarter more at most, and nobody else anything', async () => {
    if (list === '/blocks/') return
    for (const query of ['', ...parameters]) {
      const path = `${pathOf(list)}?${query}`
      const [one, other] = [await alice.get(path), await blocker.get(path)]
      expect([one.status, other.status], path).toEqual([200, 200])
      expect(other.cost.read, `${path}: ${one.cost.read} without`).toBeLessThanOrEqual(
        Math.max(one.cost.read * 1.25, one.cost.read + 5),
      )
    }
  })

  test('no page reads more than the bound, and the last no more than the first', {
    timeout: 300_000,
  }, async () => {
    const tooMuch: string[] = []
    const get = async (path: string, viewer: typeof anyone = alice): Promise<Answer> => {
      const answer = await viewer.get(path)
      if (answer.cost.read > MAX_ROWS_READ || answer.cost.calls > 1 || ![200, 404].includes(answer.status))
        tooMuch.push(`${path}: ${answer.status}, ${answer.cost.calls} calls, ${answer.cost.read} rows`)
      return answer
    }
    for (const query of queries(parameters)) {
      const path = (more: string) => `${pathOf(list)}?${query}&${more}`
      const first = await get(path('page_size=500&page=1'))
      const next = first.body.next ?? path('page_size=500&cursor=')
      await get(next)
      await get(path('page_size=500&page=last'))
      for (const page of ['2', '7', '45', '400', '99999999']) await get(path(`page=${page}`))
      const [small, last] = [await get(path('page_size=20')), await get(path('page_size=20&page=last'))]
      // What the bound leaves room for: a page by a count reads a little more at one end than at the other.
      if (last.cost.read > 1.2 * small.cost.read + 60)
        tooMuch.push(`${path('page=last')}: ${last.cost.read}, first ${small.cost.read}`)
    }
    expect(tooMuch).toEqual([])
  })
})

const nextOf = ({ headers }: Answer) => /^<(.+)>; rel="next"$/.exec(headers.get('link') ?? '')?.[1]

/** This page and those that its links lead to. */
async function linked(url: string): Promise<Answer[]> {
  const page = await alice.get(url)
  const next = nextOf(page)
  return next === undefined ? [page] : [page, ...(await linked(next))]
}

test('conversations: newest 500 first, the rest by the link', async () => {
  const first = await alice.get('/messages/')
  expect(first.body).toHaveLength(500)
  expect(first.cost.read).toBeLessThanOrEqual(ARRAYS['/messages/'])
  expect(first.cost.calls).toBe(1)
  const url = nextOf(first)
  const [second, third] = await linked(url ?? '')
  expect([second?.body.length, third?.body.length]).toEqual([500, CONVERSATIONS - 1_000])
  for (const page of [second, third]) expect(page?.cost.read).toBeLessThanOrEqual(ARRAYS['/messages/'])
  const ids = [first, second, third].flatMap((page) => page?.body.map(({ id }: { id: number }) => id))
  expect(new Set(ids).size).toBe(CONVERSATIONS)
  expect(first.body[0].id).toBe(Math.max(...ids))
  const someone: string = first.body[0].username
  const named = await alice.get(`/messages/?search=${someone.toUpperCase()}`)
  expect(named.body.map(({ username }: { username: string }) => username)).toContain(someone)
})

test('an account has so many sessions at most, and the list of them reads two rows for each', async () => {
  await stored(
    `with recursive n(i) as (select 1 union all select i + 1 from n where i <= ${MAX_SESSIONS})
     insert into sessions (jti_hash, user_id, created_at, last_used_at, expires_at) select 'hash' || i, ?, i, i, 4e12 from n`,
    alice.id,
  )
  await alice.post('/dj-rest-auth/login/', { username: 'alice', password: PASSWORD })
  const { body, cost } = await alice.get('/sessions/')
  expect(body).toHaveLength(MAX_SESSIONS)
  expect(cost.read).toBeLessThanOrEqual(ARRAYS['/sessions/'])
  expect(cost.calls).toBe(1)
})

test('a new name touches no post', async () => {
  const eve = await signUp('eve')
  await env.DB.prepare('update posts set owner_id = ? where id > ?')
    .bind(eve.id, ROWS - 2000)
    .run()
  const { status, cost } = await eve.patch('/dj-rest-auth/user/', { username: 'adam' })
  expect(status).toBe(200)
  expect(cost.read).toBeLessThanOrEqual(20)
  expect(cost.written).toBeLessThanOrEqual(10)
})

test('a page ends at 1 MB; next goes on, and nothing is skipped', async () => {
  const fay = await signUp('fay')
  await stored(
    `with recursive n(i) as (select 1 union all select i + 1 from n where i < 30)
     insert into posts (id, owner_id, title, title_key, content, created_at, updated_at)
     select ${2 * ROWS} + i, ${fay.id}, 'long', 'long', replace(hex(zeroblob(40000)), '0', '"'), i, i from n`,
  )
  for (const start of ['', 'page=1&', 'page=last&']) {
    const ids: number[] = []
    const back = start.startsWith('page=last')
    for (let url: string | null = `/posts/?owner=${fay.id}&${start}page_size=100`; url; ) {
      const { body }: Answer = await anyone.get(url)
      expect(JSON.stringify(body).length).toBeLessThanOrEqual(MAX_PAGE_BYTES + 1000)
      const shown = body.results.map(({ id }: { id: number }) => id)
      if (back) ids.unshift(...shown)
      else ids.push(...shown)
      url = back ? body.previous : body.next
    }
    expect(ids, start).toEqual(Array.from({ length: 30 }, (_, i) => 2 * ROWS + 30 - i))
  }
})

test('a search that is too long is told from its length, one with an unknown owner as a bad choice', async () => {
  for (const path of ['/posts/', '/messages/']) {
    const { status, body, cost } = await alice.get(`${path}?search=${'x'.repeat(16_000)}`)
    expect([status, body]).toEqual(
      [400, { search: ['Ensure this field has no more than 1000 characters.'] }].map((part) =>
        path === '/messages/' && typeof part === 'object' ? expect.anything() : part,
      ),
    )
    expect(cost.calls).toBe(0)
  }
  const { status, body } = await anyone.get('/posts/?search=abc&owner=999999')
  expect([status, Object.keys(body)]).toEqual([400, ['owner']])
})
