/** Hashes take turns, one at a time in an isolate. */
import { afterEach, expect, it, vi } from 'vitest'
import { inTurn } from '../../src/auth/hash-turn'
import { Unavailable } from '../../src/db/errors'
import { MAX_HASH_WAIT_MS } from '../../src/limits/limits'

afterEach(() => vi.useRealTimers())

it('gives everybody a turn in the order they came, and refuses whoever would wait too long', async () => {
  vi.useFakeTimers({ now: 2_000_000_000_000 })
  const limit = { burst: 1, count: 2, seconds: 1 }
  const done: number[] = []
  const outcomes = Array.from({ length: 20 }, (_, i) =>
    inTurn(limit, () => done.push(i)).then(
      () => 'hashed',
      (error: unknown) => (error instanceof Unavailable ? 'refused' : 'failed'),
    ),
  )
  await vi.advanceTimersByTimeAsync(3 * MAX_HASH_WAIT_MS)
  const all = await Promise.all(outcomes)
  const hashed = all.filter((outcome) => outcome === 'hashed').length
  expect(hashed).toBeGreaterThanOrEqual(2)
  expect(hashed).toBeLessThanOrEqual(1 + (MAX_HASH_WAIT_MS / 1000) * limit.count)
  expect(all.filter((outcome) => outcome === 'refused')).toHaveLength(20 - hashed)
  expect(done).toEqual(done.toSorted((a, b) => a - b))
})

it('keeps nobody waiting for a clock that stands still', async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: 2_100_000_000_000 })
  const limit = { burst: 1, count: 100, seconds: 1 }
  expect(await Promise.all([1, 2, 3].map((i) => inTurn(limit, () => i)))).toEqual([1, 2, 3])
})

it('lets those in first who are known, however many strangers wait', async () => {
  vi.useFakeTimers({ now: 2_200_000_000_000 })
  const limit = { burst: 1, count: 10, seconds: 1 }
  const start = Date.now()
  const at: Record<string, number> = {}
  const come = (name: string, isKnown: boolean) =>
    inTurn(limit, () => (at[name] = Date.now() - start), isKnown).catch(() => undefined)
  const strangers = Array.from({ length: 500 }, (_, i) => come(`stranger ${i}`, false))
  await vi.advanceTimersByTimeAsync(1_000)
  const owners = Array.from({ length: 3 }, (_, i) => come(`owner ${i}`, true))
  await vi.advanceTimersByTimeAsync(1_000)
  await Promise.all(owners)
  for (let i = 0; i < 3; i++)
    expect(at[`owner ${i}`], `owner ${i}`).toBeLessThanOrEqual(1_000 + 100 * (i + 2))
  await vi.advanceTimersByTimeAsync(3 * MAX_HASH_WAIT_MS)
  await Promise.all(strangers)
  // One at a time, strangers too: nobody is forgotten.
  const times = Object.values(at).sort((a, b) => a - b)
  for (const [i, time] of times.entries()) expect(time - (times[i - 1] ?? -100)).toBeGreaterThanOrEqual(100)
  expect(times.length).toBeGreaterThan(100)
})
