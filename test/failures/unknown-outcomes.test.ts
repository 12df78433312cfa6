import { createScheduledController, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { sql } from 'drizzle-orm'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { openDb } from '../../src/db/client'
import { DatabaseUnavailable, normalizeError, Rejected, UniqueViolation } from '../../src/db/errors'
import { writeStatement } from '../../src/db/statements'
import worker from '../../src/index'
import { callWith } from '../auth-helpers'
import { stored } from '../client'
import { d1Error } from '../faulty-db'
import { createPost, signUpCast, signUpPair } from '../fixtures/factories'
import { say } from '../fixtures/messages'
import { conversationOf, listen, upgrade } from '../sockets'
import { UNKNOWN } from './d1-errors'

const { alice, bob } = await signUpCast()
afterEach(() => {
  vi.restoreAllMocks()
  vi.useRealTimers()
})

/** D1, with what comes of the n-th call of its batches. */
function databaseWith(fail: (send: () => Promise<unknown>, call: number) => Promise<unknown>): D1Database {
  let calls = 0
  const withSession = (constraint?: string) => {
    const session = env.DB.withSession(constraint)
    return {
      prepare: (query: string) => session.prepare(query),
      getBookmark: () => session.getBookmark(),
      batch: (statements: D1PreparedStatement[]) => fail(() => session.batch(statements), ++calls),
    }
  }
  // What `openDb` uses.
  return { withSession } as unknown as D1Database
}
const lostAfter = (message: string) =>
  databaseWith(async (send, call) => {
    const results = await send()
    if (call === 1) throw d1Error(message)
    return results
  })

describe('what D1 really throws', () => {
  it.each([
    ['selec 1', 'near "selec": syntax error at offset 0: SQLITE_ERROR'],
    ['select * from nowhere', 'no such table: nowhere: SQLITE_ERROR'],
    ['attach "x" as y', 'not authorized: SQLITE_AUTH'],
    ['select zeroblob(3000000000)', 'string or blob too big: SQLITE_TOOBIG'],
    [
      `insert into sequences (name) values ('posts')`,
      'UNIQUE constraint failed: sequences.name: SQLITE_CONSTRAINT (extended: SQLITE_CONSTRAINT_PRIMARYKEY)',
    ],
  ])('%s', async (query, message) => {
    const error: unknown = await env.DB.batch([env.DB.prepare(query)]).catch((one: unknown) => one)
    expect(error).toEqual(d1Error(message))
    expect((error as Error).cause).toEqual(new Error(message))
    expect(normalizeError(error)).toBeInstanceOf(Rejected)
    if (query.startsWith('insert')) expect(normalizeError(error)).toBeInstanceOf(UniqueViolation)
  })

  it.each(UNKNOWN)('%s: nobody knows', (message) => {
    expect(normalizeError(d1Error(message))).toBeInstanceOf(DatabaseUnavailable)
    // As some versions of the runtime throw it.
    expect(normalizeError(new Error(message))).toBeInstanceOf(DatabaseUnavailable)
  })
})

describe.each(UNKNOWN)('%s', (message) => {
  const headers = { ...alice.headers }
  const count = async (title: string) => (await stored('select id from posts where title = ?', title)).length

  it('after a commit, with a key: the answer is found', async () => {
    const title = `keyed ${message}`
    const call = (DB: D1Database) =>
      callWith({ DB }, 'POST', '/posts/', {
        headers: { ...headers, 'idempotency-key': message.slice(0, 100).replace(/[^ -~]/g, '') },
        body: { title },
      })
    const first = await call(lostAfter(message))
    expect([first.status, await count(title)]).toEqual([201, 1])
    const second = await call(env.DB)
    expect([second.status, second.body, await count(title)]).toEqual([201, first.body, 1])
  })

  it('without a key: 503, to be tried again, and not repeated', async () => {
    const title = `plain ${message}`
    const answer = await callWith({ DB: lostAfter(message) }, 'POST', '/posts/', { headers, body: { title } })
    expect([answer.status, answer.headers.get('retry-after'), await count(title)]).toEqual([503, '1', 1])
  })
})

describe('D1 does not answer', () => {
  it('a call is given up: 5 seconds where it reads, 10 where it writes; a late answer counts for nothing', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    let answer = () => {}
    const slow = databaseWith((send) => new Promise((done) => (answer = () => done(send()))))
    const db = openDb(slow, { primary: true })
    for (const [query, ms] of [
      [sql`select 1`, 5_000],
      [sql`update posts set title = title where id = 0`, 10_000],
    ] as const) {
      const outcome = db.batch([writeStatement(query)]).then(
        () => 'answered',
        (error: unknown) => error,
      )
      await vi.advanceTimersByTimeAsync(ms - 1)
      expect(await Promise.race([outcome, Promise.resolve('waiting')])).toBe('waiting')
      await vi.advanceTimersByTimeAsync(1)
      expect(await outcome).toBeInstanceOf(DatabaseUnavailable)
      answer()
    }
    expect(db.usage).toEqual({ calls: 2, rowsRead: 0, rowsWritten: 0 })
  })
})

describe('a replay', () => {
  it('of a comment is the same answer, also later', async () => {
    const { id: post } = await createPost(bob)
    const key = { 'idempotency-key': 'later' }
    const first = await alice.post('/comments/', { post, content: 'x' }, key)
    vi.spyOn(Date, 'now').mockReturnValue(Date.now() + 3_000)
    const second = await alice.post('/comments/', { post, content: 'x' }, key)
    expect([second.status, second.body]).toEqual([201, first.body])
  })

  it('compares only the fields that the route takes, however deep the others are', async () => {
    const deep = `${'['.repeat(7_000)}${']'.repeat(7_000)}`
    const send = (more: string) =>
      alice.post('/posts/', `{"title":"deep"${more}}`, {
        'content-type': 'application/json',
        'idempotency-key': 'deep',
      })
    const first = await send(',"other":1')
    expect(first.status).toBe(201)
    const second = await send(',"other":2')
    expect([second.status, second.body]).toEqual([201, first.body])
    expect((await send(`,"other":${deep}`)).status).not.toBe(500)
  })
})

describe('clocks', () => {
  it('a sweep whose clock is days ahead deletes nobody’s session', async () => {
    const sessions = async () => (await stored('select 1 from sessions')).length
    const before = await sessions()
    vi.spyOn(Date, 'now').mockReturnValue(Date.now() + 40 * 86_400_000)
    await worker.scheduled(createScheduledController(), env)
    vi.restoreAllMocks()
    expect(await sessions()).toBe(before)
  })
})

describe('sockets', () => {
  it('whose connection broke without a word make room after 30 seconds', async () => {
    const [one, other] = await signUpPair()
    await say(one, other, 'x')
    const open = await Promise.all(Array.from({ length: 20 }, () => listen(one, other)))
    expect((await upgrade(`/messages/${other.id}/live/`, one.headers)).status).toBe(429)
    await runInDurableObject(conversationOf(one, other), (_, state) => {
      const [oldest] = state.getWebSockets()
      oldest?.serializeAttachment({ ...oldest.deserializeAttachment(), openedAt: Date.now() - 31_000 })
    })
    await listen(one, other)
    await expect.poll(() => open.filter(({ isClosed }) => isClosed()).length).toBe(1)
    expect((await upgrade(`/messages/${other.id}/live/`, one.headers)).status).toBe(429)
  })
})
