/** Remembers users who have used up their limit, so that further attempts cost no D1 call until they may send again. */
import type { Change, CommitResult } from '../shared/changes'

type Throttled = Extract<CommitResult, { why: 'throttled' }>

export function refusedSenders() {
  /** By user: the refusal, and when it ends, in milliseconds since the epoch. */
  const refusals = new Map<number, { until: number; result: Throttled }>()
  return {
    /** The refusal that still applies. */
    find({ type, userId }: Change, now: number): Throttled | undefined {
      const refusal = type === 'send' ? refusals.get(userId) : undefined
      if (!refusal || refusal.until <= now) return undefined
      return { ...refusal.result, waitMs: refusal.until - now }
    },

    /** Records the result of a change. */
    note({ type, userId }: Change, result: CommitResult, now: number): void {
      if (type !== 'send') return
      if (!result.ok && result.why === 'throttled')
        refusals.set(userId, { until: now + result.waitMs, result })
      // The recipient now has a message from the sender, so a higher limit may apply to them.
      else if (result.ok) refusals.clear()
    },
  }
}
