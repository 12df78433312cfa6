/** Changes whose result is unknown, because D1's answer was lost. They are settled before any other change is made. */
import type { Db } from '../../db/client'
import { attemptIds, nextAttempt, type Outcome, type TrackedChange } from '../shared/changes'
import type { Pair } from '../shared/pair'
import { settleChanges } from './settle-queries'
import type { UnsettledIds } from './unsettled-ids'

/** How many unsettled changes are remembered. Each is as large as one that waits. */
const MAX_UNSETTLED_CHANGES = 200

export interface Settled {
  /** The outcome of a change that turned out to be committed. */
  outcomeOf: (change: TrackedChange) => Outcome | undefined
  /** The change, ready for another attempt: with a new id if the old one was revoked. */
  again: (change: TrackedChange) => TrackedChange
  /** Whether something may have been committed that was not broadcast. */
  isGap: boolean
}

export interface UnsettledChanges {
  /** Whether there are any. They may still be committed. */
  isAny(): boolean
  /**
   * Settles them and the `lost` changes: what was not committed is revoked, so it never will be. `doubtful` changes come from an earlier call, which
   * may have retried them by itself. Throws if they cannot be settled, and then remembers them.
   */
  settle(db: Db, lost: readonly TrackedChange[], doubtful: ReadonlySet<TrackedChange>): Promise<Settled>
}

export function unsettledChanges(pair: Pair, known: UnsettledIds): UnsettledChanges {
  let unsettled: TrackedChange[] = []
  return {
    isAny: () => unsettled.length > 0 || known.all().length > 0,

    async settle(db, lost, doubtful) {
      const idsOf = (change: TrackedChange) => (doubtful.has(change) ? attemptIds(change.id) : [change.id])
      const all = [...new Set([...unsettled, ...lost])].slice(-MAX_UNSETTLED_CHANGES)
      const ids = new Set(all.flatMap(idsOf))
      const forgotten = known.all().filter((id) => !ids.has(id))
      let found: Map<string, Outcome>
      try {
        const sought = all.map((change) => ({ change, ids: idsOf(change) }))
        found = await settleChanges(db, pair, sought, forgotten)
      } catch (error) {
        unsettled = all
        known.keep([...forgotten, ...ids].slice(-MAX_UNSETTLED_CHANGES))
        throw error
      }
      unsettled = []
      known.keep([])
      const revoked = new Set(all)
      return {
        outcomeOf: ({ id }) => found.get(id),
        again: (change) =>
          revoked.has(change) ? { ...change, id: nextAttempt(change.id, idsOf(change).length) } : change,
        isGap: found.size + forgotten.length > 0,
      }
    },
  }
}
