/** Changes of which nothing is known, as the answer of D1 was lost: nothing else is made before they are found out. */
import type { Db } from '../../db/client'
import { attemptIds, nextAttempt, type Outcome, type TrackedChange } from '../shared/changes'
import type { Pair } from '../shared/pair'
import { settleChanges } from './settle-queries'
import type { UnsettledIds } from './unsettled-ids'

/** How many changes are remembered that nothing is known of; each is as large as one that waits. */
const MAX_UNSETTLED_CHANGES = 200

export interface Settled {
  /** What came of a change that turned out to be committed. */
  outcomeOf: (change: TrackedChange) => Outcome | undefined
  /** The change as it may be made again: what was revoked has another id. */
  again: (change: TrackedChange) => TrackedChange
  /** Whether something may be committed that nobody was told of. */
  isGap: boolean
}

export interface UnsettledChanges {
  /** Whether there are any: they may be committed yet. */
  isAny(): boolean
  /**
   * Finds out what became of them, and of these; what is not committed is revoked, and cannot be any more. `doubtful` are those that another call
   * was asked for, which it may have tried again by itself. Throws where that cannot be found out: then it is remembered.
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
