import type { Quota } from './gcra'

/** A rate limit was exceeded and nothing was done; after `waitMs` the request will be accepted. */
export class Throttled extends Error {
  constructor(
    readonly waitMs: number,
    readonly policy: Pick<Quota, 'name' | 'quota' | 'windowSeconds'>,
  ) {
    super(`throttled by ${policy.name}`)
  }
}

/** For `Retry-After`, in seconds: never too early, and at most one second late. */
export const secondsToWait = ({ waitMs }: { waitMs: number }) => Math.max(Math.ceil(waitMs / 1000), 1)

/** What `RateLimit` and `RateLimit-Policy` say (draft-ietf-httpapi-ratelimit-headers-10). */
export const quotaHeaders = ({ name, quota, windowSeconds, remaining, resetSeconds }: Quota) => ({
  ratelimit: `"${name}";r=${remaining};t=${resetSeconds}`,
  'ratelimit-policy': `"${name}";q=${quota};w=${windowSeconds}`,
})

/** In SQLite's message if a statement refused a request (see `db/rate-limits.ts`), followed by milliseconds, name, quota and window. */
export const THROTTLED_MARK = 'throttled'
const PATTERN = new RegExp(`${THROTTLED_MARK} ([\\d.e+-]+) (\\w+) ([\\d.]+) (\\d+)`)

/** The refusal that such a message describes. */
export function throttledFrom(message: string): Throttled | undefined {
  const [found, waitMs, name = '', quota, windowSeconds] = PATTERN.exec(message) ?? []
  if (found === undefined) return undefined
  return new Throttled(Number(waitMs), { name, quota: Number(quota), windowSeconds: Number(windowSeconds) })
}
