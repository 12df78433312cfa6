/** The arithmetic of limits, with a clock of its own: never more than `burst + rate × window`, and `Retry-After` to the millisecond. */
import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { openDb } from '../../src/db/client'
import { chargeStatement, charges, latestStampOf, sweepLimitsStatements } from '../../src/db/rate-limits'
import { addressKey } from '../../src/limits/address'
import { intervalMs, type Limit, quotaOf, use } from '../../src/limits/gcra'
import { LIMITS, type LimitName, type Limits, readLimits } from '../../src/limits/limits'
import { MemoryLimit } from '../../src/limits/memory'
import { Throttled } from '../../src/limits/throttled'
import { stored } from '../client'
import { random } from '../fixtures/random'

const START = 1_800_000_000_000
const YEAR_MS = 365 * 86_400_000
const NAMES = Object.keys(LIMITS) as LimitName[]

/** How many of the times lie in any window that begins with one of them. */
function mostInAnyWindow(times: number[], windowMs: number): number {
  let most = 0
  let end = 0
  for (const [i, time] of times.entries()) {
    while (end < times.length && (times[end] ?? 0) < time + windowMs) end++
    most = Math.max(most, end - i)
  }
  return most
}

describe.each(NAMES)('%s', (name) => {
  const limit: Limit = LIMITS[name]
  // Bytes and rows are used up many at once.
  const cost = Math.max(1, Math.floor(limit.burst / 200))

  it('lets through no more than its burst and its rate in any window, and all of that', () => {
    const { below } = random(7)
    const next = () => below(10_000) / 10_000
    const allowed: number[] = []
    let [at, now] = [0, START]
    for (let i = 0; i < 4_000; i++) {
      now += Math.floor(next() ** 4 * 20 * intervalMs(limit) * cost)
      const used = use(limit, at, now, cost)
      if (used.waitMs === 0) allowed.push(now)
      at = used.at
    }
    for (const windows of [1, 3, 10, 50]) {
      const windowMs = windows * limit.burst * intervalMs(limit)
      const most = mostInAnyWindow(allowed, windowMs) * cost
      expect(most).toBeLessThanOrEqual(limit.burst + windowMs / intervalMs(limit))
    }
    expect(allowed.length).toBeGreaterThan(Math.floor(limit.burst / cost) - 1)
  })

  it('says exactly when there is more', () => {
    let at = 0
    for (let i = 0; i < Math.floor(limit.burst / cost); i++) at = use(limit, at, START, cost).at
    const { waitMs } = use(limit, at, START, cost)
    expect(waitMs).toBeGreaterThan(0)
    expect(use(limit, at, START + Math.ceil(waitMs), cost).waitMs).toBe(0)
    if (waitMs > 2) expect(use(limit, at, START + Math.floor(waitMs) - 1, cost).waitMs).toBeGreaterThan(0)
  })
})

describe('in D1', () => {
  const db = openDb(env.DB, { primary: true })
  const limits = {
    ...LIMITS,
    posts: { burst: 5, count: 20, seconds: 60 },
    likes: { burst: 2, count: 1, seconds: 10 },
  }

  const attempt = async (limits: Limits, names: LimitName[], subject: string, now: number) => {
    const charged = names.flatMap((name) => charges(limits, name, subject))
    return db.batch([chargeStatement(charged, now)]).then(
      () => 0,
      (error: unknown) => {
        if (error instanceof Throttled) return error.waitMs
        throw error
      },
    )
  }

  it('decides as the arithmetic does', async () => {
    const { below } = random(11)
    const next = () => below(10_000) / 10_000
    let [at, now] = [0, START]
    for (let i = 0; i < 300; i++) {
      now += Math.floor(next() ** 3 * 20_000)
      const expected = use(limits.posts, at, now)
      at = expected.at
      expect(await attempt(limits, ['posts'], 'model', now)).toBeCloseTo(expected.waitMs, 3)
      expect(
        (await stored<{ at: number }>("select at from rate_limits where key = 'posts:model'"))[0]?.at,
      ).toBe(at)
    }
  })

  it('uses up all or nothing, and says the longest wait', async () => {
    for (let i = 0; i < 2; i++) expect(await attempt(limits, ['posts', 'likes'], 'both', START)).toBe(0)
    const before = await stored("select * from rate_limits where key like '%:both' order by key")
    expect(await attempt(limits, ['posts', 'likes'], 'both', START)).toBe(10_000)
    expect(await stored("select * from rate_limits where key like '%:both' order by key")).toEqual(before)
    expect(await attempt(limits, ['posts', 'likes'], 'both', START + 9_999)).toBe(1)
    expect(await attempt(limits, ['posts', 'likes'], 'both', START + 10_000)).toBe(0)
  })

  it('fails the batch that it is in, with nothing written', async () => {
    const likes = charges(limits, 'likes', 'batch', 2)
    await db.batch([chargeStatement(likes, START)])
    const batch = db.batch([
      chargeStatement(charges(limits, 'posts', 'batch'), START),
      chargeStatement(likes, START),
    ])
    await expect(batch).rejects.toBeInstanceOf(Throttled)
    expect(await stored("select 1 from rate_limits where key = 'posts:batch'")).toEqual([])
  })

  it('writes one row and reads few', async () => {
    const fresh = openDb(env.DB, { primary: true })
    await fresh.batch([chargeStatement(charges(limits, 'posts', 'price'), START)])
    await fresh.batch([chargeStatement(charges(limits, 'posts', 'price'), START)])
    expect(fresh.usage.rowsWritten).toBe(2)
    expect(fresh.usage.rowsRead).toBeLessThanOrEqual(10)
  })

  it('takes a time stamp of the far future, of a clock that was ahead, for one made now', async () => {
    await stored(`insert into rate_limits (key, at) values ('posts:future', ${START + YEAR_MS})`)
    await db.batch([chargeStatement(charges(limits, 'posts', 'future'), START)])
    const [row] = await stored<{ at: number }>("select at from rate_limits where key = 'posts:future'")
    expect(row?.at).toBeLessThan(START + 86_400_000)
    expect(use(LIMITS.posts, START + YEAR_MS, START).waitMs).toBe(0)
    // What nobody uses any more is swept.
    await stored(`update rate_limits set at = ${START + YEAR_MS} where key = 'posts:future'`)
    await db.batch(
      sweepLimitsStatements('', { now: START, latest: latestStampOf(readLimits('1', 300), START) }, 9_999),
    )
    expect(await stored("select 1 from rate_limits where key = 'posts:future'")).toEqual([])
  })

  it('is swept in pieces, which go on where the last has stopped', async () => {
    await stored('delete from rate_limits')
    await stored(`with recursive n(i) as (select 1 union all select i + 1 from n where i < 1000)
      insert into rate_limits (key, at) select 'posts:' || i, iif(i % 10 = 0, ${START + 1}, ${START}) from n`)
    let after = ''
    for (let i = 0; i < 5; i++) {
      const one = openDb(env.DB, { primary: true })
      const [[end]] = await one.batch(
        sweepLimitsStatements(after, { now: START, latest: START + YEAR_MS }, 250),
      )
      expect(one.usage.rowsRead).toBeLessThanOrEqual(2_000)
      expect(one.usage.rowsWritten).toBeLessThanOrEqual(2_000)
      after = end?.key ?? ''
    }
    expect(await stored('select count(*) as n from rate_limits')).toEqual([{ n: 100 }])
  })
})

describe('in memory', () => {
  it('keeps so many keys, and forgets those used longest ago', () => {
    const memory = new MemoryLimit<number>(2)
    const limit = { burst: 1, count: 1, seconds: 1 }
    for (const key of [1, 2, 1, 3]) memory.use(limit, key, START)
    expect([1, 2, 3].map((key) => memory.wait(limit, key, START))).toEqual([0, 1_000, 1_000])
  })

  it('counts what has been used already, and refuses for as long as that was too much', () => {
    const memory = new MemoryLimit<string>(9)
    const limit = { burst: 100, count: 100, seconds: 10 }
    memory.charge(limit, 'a', START, 300)
    expect(memory.wait(limit, 'a', START)).toBe(20_100)
    expect(memory.wait(limit, 'a', START + 20_100)).toBe(0)
  })
})

describe('what clients are told', () => {
  it('is what is left, and when there is more', () => {
    const limit = { burst: 3, count: 1, seconds: 10 }
    let at = 0
    const told = [1, 2, 3].map(() => {
      at = use(limit, at, START).at
      return quotaOf('posts', limit, at, START)
    })
    expect(told.map(({ remaining, resetSeconds }) => [remaining, resetSeconds])).toEqual([
      [2, 10],
      [1, 10],
      [0, 10],
    ])
    expect(told[0]).toMatchObject({ name: 'posts', quota: 3, windowSeconds: 30 })
  })
})

describe('the variable', () => {
  const read = (variable: string) => readLimits(variable, 300)

  it('sets a factor of all limits, or none of them, and single ones by name', () => {
    expect(read('')).toEqual(LIMITS)
    expect(read('2, posts=1/2/3')).toMatchObject({
      posts: { burst: 1, count: 2, seconds: 3 },
      likes: { ...LIMITS.likes, burst: LIMITS.likes.burst * 2, count: LIMITS.likes.count * 2 },
    })
    expect(read('off,likes=1/2/3')).toMatchObject({ posts: undefined, likes: { burst: 1 } })
    expect(read('posts=off')).toEqual({ ...LIMITS, posts: undefined })
    expect(readLimits('', 60).sockets?.seconds).toBe(60)
  })

  it.each([
    'on',
    '-1',
    'Infinity',
    'posts=5',
    'posts=5/0/60',
    'posts=1/2/3/4',
    'posts=1/Infinity/1',
    'pots=1/2/3',
  ])('is refused where it says nothing: %j', (variable) => {
    expect(() => read(variable)).toThrow(RangeError)
  })
})

describe('an address', () => {
  it.each([
    ['203.0.113.7', '203.0.113.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:0DB8:0001:0002::9', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
  ])('%s counts as %s', (address, key) => {
    expect(addressKey(address)).toBe(key)
  })
})
