/**
 * Every request that creates a row, with every call that it makes to D1 failing before it is done, after it is done, with each error that leaves
 * that unknown: what is acknowledged is there once, what is not at most once, and the key makes it once and gives the first answer.
 */
import { env } from 'cloudflare:workers'
import { afterAll, describe, expect, it } from 'vitest'
import { KEPT_VALUES } from '../../src/db/kept'
import { callWith } from '../auth-helpers'
import { signUp, stored } from '../client'
import { d1Error } from '../faulty-db'
import { createPost, signUpCast } from '../fixtures/factories'
import { UNKNOWN } from './d1-errors'

const { alice, bob } = await signUpCast()

/** D1, whose n-th batch fails. */
function failingAt(call: number, when: 'before' | 'after', message: string): D1Database {
  let calls = 0
  const withSession = (constraint?: string) => {
    const session = env.DB.withSession(constraint)
    return {
      prepare: (query: string) => session.prepare(query),
      getBookmark: () => session.getBookmark(),
      async batch(statements: D1PreparedStatement[]) {
        calls += 1
        if (calls === call && when === 'before') throw d1Error(message)
        const results = await session.batch(statements)
        if (calls === call && when === 'after') throw d1Error(message)
        return results
      },
    }
  }
  // What `openDb` uses.
  return { withSession } as unknown as D1Database
}

let unique = 0
const CREATIONS: { name: string; table: string; path: string; body: () => Promise<object> }[] = [
  { name: 'a post', table: 'posts', path: '/posts/', body: async () => ({ title: `post ${unique++}` }) },
  {
    name: 'a comment',
    table: 'comments',
    path: '/comments/',
    body: async () => ({ post: (await createPost(bob)).id, content: 'x' }),
  },
  {
    name: 'a like',
    table: 'likes',
    path: '/likes/',
    body: async () => ({ post: (await createPost(bob)).id }),
  },
]
const FOLLOW_ERRORS = UNKNOWN.slice(0, 3)
const count = async (table: string) =>
  (await stored<{ n: number }>(`select count(*) as n from ${table}`))[0]?.n ?? 0

async function check(
  { table, path, body }: (typeof CREATIONS)[number],
  DB: () => D1Database,
  key: string | undefined,
) {
  const what = await body()
  const before = await count(table)
  const headers = { ...alice.headers, ...(key && { 'idempotency-key': key }) }
  const first = await callWith({ DB: DB() }, 'POST', path, { headers, body: what })
  const made = (await count(table)) - before
  expect([201, 503]).toContain(first.status)
  if (first.status === 201) expect(made).toBe(1)
  else expect([made <= 1, first.headers.get('retry-after')]).toEqual([true, '1'])
  if (key === undefined) return
  const second = await callWith({}, 'POST', path, { headers, body: what })
  expect([second.status, (await count(table)) - before]).toEqual([201, 1])
  if (first.status === 201) expect(second.body).toEqual(first.body)
}

describe.each(CREATIONS)('$name', (creation) => {
  it.each(UNKNOWN)('%s', async (message) => {
    for (const call of [1, 2])
      for (const when of ['before', 'after'] as const)
        for (const key of [undefined, `key ${unique++}`])
          await check(creation, () => failingAt(call, when, message), key)
  })
})

it.each(FOLLOW_ERRORS)('a follow: %s', async (message) => {
  const follow = {
    name: 'a follow',
    table: 'followers',
    path: '/followers/',
    body: async () => ({ followed: (await signUp(`user${unique++}`)).id }),
  }
  for (const when of ['before', 'after'] as const)
    await check(follow, () => failingAt(1, when, message), `key ${unique++}`)
})

afterAll(async () => {
  for (const { name, differences } of KEPT_VALUES)
    expect([name, await stored(differences)]).toEqual([name, []])
})
