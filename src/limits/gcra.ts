/**
 * The generic cell rate algorithm (ITU-T I.371): a limit costs one time stamp for each key, and refuses to the millisecond.
 *
 * The time stamp says until when the key has used up its share. Each use advances it by the time that the use costs, and it may be
 * ahead of now by the cost of the whole burst. So in any window a key gets at most `burst + rate × window`.
 */

export interface Limit {
  /** How many may come at once. */
  burst: number
  /** How many more become available, one by one, in `seconds`. */
  count: number
  seconds: number
}

/** What one use costs, in milliseconds. */
export const intervalMs = ({ count, seconds }: Limit): number => (seconds * 1000) / count

/** How far the time stamp may be ahead of now, in milliseconds. */
export const toleranceMs = (limit: Limit): number => limit.burst * intervalMs(limit)

/**
 * A time stamp that is so much further ahead is of a clock that was wrong: it would keep its key out for as long. What is counted that was used
 * already (`MemoryLimit.charge`) is never so much.
 */
const FAR_MS = 3_600_000

/** Time stamps beyond this, in milliseconds since the epoch, are of the far future, and treated as made now. */
export const latestStamp = (limit: Limit, now: number): number => now + toleranceMs(limit) + FAR_MS

export interface Use {
  /** The key's time stamp after the use, in milliseconds since the epoch; as it was where the use is refused. */
  at: number
  /** How long until it will be allowed; 0 where it is. */
  waitMs: number
}

/** Uses up `cost` of what the key is due, if it is due that much. `at` is its time stamp, 0 for one that was never used. */
export function use(limit: Limit, at: number, now: number, cost = 1): Use {
  const from = at > latestStamp(limit, now) ? now : Math.max(at, now)
  const next = from + cost * intervalMs(limit)
  const waitMs = next - now - toleranceMs(limit)
  return waitMs > 0 ? { at, waitMs } : { at: next, waitMs: 0 }
}

/** What clients learn about a limit: how much is left of `quota` per `windowSeconds`, and when there will be more. */
export interface Quota {
  name: string
  quota: number
  windowSeconds: number
  remaining: number
  /** Until one more becomes available. */
  resetSeconds: number
}

/** What is left after a use that moved the time stamp to `at`. */
export function quotaOf(name: string, limit: Limit, at: number, now: number): Quota {
  const interval = intervalMs(limit)
  const ahead = Math.max(at - now, 0)
  // The interval may not be a whole number: a rounding error is not a use.
  const remaining = Math.max(Math.floor((toleranceMs(limit) - ahead) / interval + 1e-9), 0)
  const untilNextMs = ahead - (limit.burst - remaining - 1) * interval
  return {
    ...policyOf(name, limit),
    remaining,
    resetSeconds: remaining >= limit.burst ? 0 : Math.max(Math.ceil(untilNextMs / 1000), 0),
  }
}

export const policyOf = (name: string, limit: Limit) => ({
  name,
  quota: limit.burst,
  windowSeconds: Math.max(Math.ceil(toleranceMs(limit) / 1000), 1),
})
