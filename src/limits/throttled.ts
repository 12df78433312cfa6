import type { Quota } from './gcra'

/** Too much was asked: nothing has been done, and after `waitMs` it will be. */
export class Throttled extends Error {
  constructor(
    readonly waitMs: number,
    readonly policy: Pick<Quota, 'name' | 'quota' | 'windowSeconds'>,
  ) {
    super(`throttled by ${policy.name}`)
  }
}

/** For `Retry-After`: never too early, and at most one too late. */
export const secondsToWait = ({ waitMs }: { waitMs: number }) => Math.max(Math.ceil(waitMs / 1000), 1)

/** What `RateLimit` and `RateLimit-Policy` say (draft-ietf-httpapi-ratelimit-headers-10). */
export const quotaHeaders = ({ name, quota, windowSeconds, remaining, resetSeconds }: Quota) => ({
  ratelimit: `"${name}";r=${remaining};t=${resetSeconds}`,
  'ratelimit-policy': `"${name}";q=${quota};w=${windowSeconds}`,
})

/** What a message of SQLite holds where a statement has refused: see `db/rate-limits.ts`. Then milliseconds, name, quota and window. */
export const THROTTLED_MARK = 'throttled'
const PATTERN = new RegExp(`${THROTTLED_MARK} ([\\d.e+-]+) (\\w+) ([\\d.]+) (\\d+)`)

/** The refusal that such a message tells of. */
export function throttledFrom(message: string): Throttled | undefined {
  const [found, waitMs, name = '', quota, windowSeconds] = PATTERN.exec(message) ?? []
  if (found === undefined) return undefined
  return new Throttled(Number(waitMs), { name, quota: Number(quota), windowSeconds: Number(windowSeconds) })
}
