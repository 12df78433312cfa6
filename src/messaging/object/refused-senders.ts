/** Who has used up what they may send: so long as they have to wait, another try costs no call to D1. */
import type { Change, CommitResult } from '../shared/changes'

type Throttled = Extract<CommitResult, { why: 'throttled' }>

export function refusedSenders() {
  /** By user: the refusal, and until when it holds, in milliseconds since the epoch. */
  const refusals = new Map<number, { until: number; result: Throttled }>()
  return {
    /** The refusal that still holds. */
    find({ type, userId }: Change, now: number): Throttled | undefined {
      const refusal = type === 'send' ? refusals.get(userId) : undefined
      if (!refusal || refusal.until <= now) return undefined
      return { ...refusal.result, waitMs: refusal.until - now }
    },

    /** Remembers what came of a change. */
    note({ type, userId }: Change, result: CommitResult, now: number): void {
      if (type !== 'send') return
      if (!result.ok && result.why === 'throttled')
        refusals.set(userId, { until: now + result.waitMs, result })
      // Whoever is written to is no stranger any more: another limit holds for them.
      else if (result.ok) refusals.clear()
    },
  }
}
