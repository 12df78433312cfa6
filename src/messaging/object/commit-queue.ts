/**
 * Commits the changes of one conversation, one transaction at a time.
 *
 * The calls of a Durable Object interleave wherever they wait for D1, so it is this queue that puts changes in order. Those that arrive
 * while a commit is under way wait, and go into the next one together: a busy conversation makes many changes for each round trip.
 *
 * Where D1's answer is lost the queue does not know whether a batch is committed, and does nothing before it does: it looks for the ids of the
 * changes in the log, and revokes those that it does not find (`settle-queries.ts`). What was found is answered as if nothing had happened; what
 * was not is made once more, as it cannot arrive any more. So no change is made twice, whether or not its client gave it a key.
 */
import { type Db, DEADLINES_MS, stateOf } from '../../db/client'
import { Rejected } from '../../db/errors'
import type { Limits } from '../../limits/limits'
import { Throttled } from '../../limits/throttled'
import { type CommitResult, type ConversationEvent, isByOthers, type TrackedChange } from '../shared/changes'
import type { Pair } from '../shared/pair'
import { failureOf } from './failures'
import { type CommittedChange, commitAtOnce } from './transaction-queries'
import type { UnreadOfBoth } from './unread-statements'
import { unsettledChanges } from './unsettled-changes'
import type { UnsettledIds } from './unsettled-ids'

/** How many changes one transaction holds: D1 is given `DEADLINES_MS` for them. */
const MAX_CHANGES_PER_COMMIT = 40
/** How many changes are taken in while D1 is slow: each may hold `MAX_CONTENT_CHARACTERS`, and the object has 128 MB. */
const MAX_WAITING_CHANGES = 2_000

export interface CommitQueue {
  /** `isDoubtful`: it was sent before, under this id, and nobody knows what came of that. */
  commit(change: TrackedChange, isDoubtful?: boolean): Promise<CommitResult>
  /** Runs something while nothing is being committed. */
  exclusively<T>(run: () => Promise<T>): Promise<T>
  /** Finds out what became of the changes that nothing is known of. Throws where that cannot be found out. Only while nothing is committed. */
  settle(): Promise<void>
  /** Whether there are changes that nothing is known of: they may be committed yet. */
  isUnsettled(): boolean
}

/** What has just been committed. */
export interface Committed {
  events: ConversationEvent[]
  /** Perhaps that was not all, as the answer of an earlier commit was lost. */
  isGap: boolean
  /** Some of it none of the two has done, and so whoever blocks whom. */
  isByOthers?: boolean
  /** What each has unread after it. */
  unread?: UnreadOfBoth | undefined
}

interface Listening {
  /** Learns of each commit, in order, before anybody has an answer. */
  onCommitted: (news: Committed) => Promise<void>
  /** Is told that something may have been committed that `onCommitted` has not learnt of, or could not pass on. Never throws. */
  onGap: () => Promise<void>
}

interface WaitingChange {
  change: TrackedChange
  isDoubtful: boolean
  resolve: (result: CommitResult) => void
}

interface Options {
  openDb: () => Db
  pair: Pair
  limits: Limits
  unsettledIds: UnsettledIds
}

export function commitQueue(
  { openDb, pair, limits, unsettledIds }: Options,
  { onCommitted, onGap }: Listening,
): CommitQueue {
  const waiting: WaitingChange[] = []
  const unsettled = unsettledChanges(pair, unsettledIds)
  let last: Promise<unknown> = Promise.resolve()
  let isGap = false

  function exclusively<T>(run: () => Promise<T>): Promise<T> {
    const result = last.then(run)
    last = result.catch(() => undefined)
    return result
  }

  async function noteGap(): Promise<void> {
    isGap = true
    await onGap()
  }

  /** Tells of what is committed: whatever fails here, it must be neither refused nor made again. */
  async function tell(committed: Omit<Committed, 'isGap'>): Promise<void> {
    const news = { ...committed, isGap }
    isGap = false
    await onCommitted(news).catch(async (error: unknown) => {
      console.error(JSON.stringify({ error: 'A change could not be told to all.', why: String(error) }))
      await noteGap()
    })
  }

  /** Answers those of the batch that turn out to be committed; gives the others, which are not and cannot be any more. */
  async function settle(
    lost: readonly TrackedChange[],
    batch: WaitingChange[],
    doubtful: ReadonlySet<TrackedChange> = new Set(),
  ): Promise<WaitingChange[]> {
    const db = openDb()
    const settled = await unsettled.settle(db, lost, doubtful)
    if (settled.isGap) {
      isGap = true
      await tell({ events: [] })
    }
    return batch.filter((one) => {
      const outcome = settled.outcomeOf(one.change)
      if (outcome) one.resolve({ ok: true, outcome, state: stateOf(db) })
      else one.change = settled.again(one.change)
      return outcome === undefined
    })
  }

  async function commitTogether(batch: WaitingChange[]): Promise<void> {
    if (batch.length === 0) return
    const started = Date.now()
    let left = batch
    try {
      const doubtful = batch.flatMap(({ change, isDoubtful }) => (isDoubtful ? change : []))
      if (doubtful.length > 0 || unsettled.isAny()) left = await settle(doubtful, batch, new Set(doubtful))
      for (let isLast = false; left.length > 0; isLast = true) {
        const sent = left
        const error = await tryTogether(sent)
        if (error === undefined) return
        // Only what SQLite refused is known not to be written; an error of any other kind may have come after the commit.
        if (!(error instanceof Rejected || error instanceof Throttled))
          left = await settle(
            sent.map(({ change }) => change),
            sent,
          )
        // It is not known whose change is to blame: each is tried on its own.
        else if (sent.length > 1) return await oneByOne(sent)
        else return refuse(sent, error)
        if (isLast || Date.now() - started > DEADLINES_MS.write) return refuse(left, error)
      }
    } catch (error) {
      // It could not be found out what became of them.
      await noteGap()
      refuse(left, error)
    }
  }

  async function oneByOne(batch: WaitingChange[]): Promise<void> {
    // What was doubtful is settled, and has another id.
    for (const one of batch) await commitTogether([{ ...one, isDoubtful: false }])
  }

  /** One transaction, and what follows from it; the error where it failed. */
  async function tryTogether(batch: WaitingChange[]): Promise<unknown> {
    const db = openDb()
    let committed: CommittedChange[]
    let unread: UnreadOfBoth | undefined
    try {
      const changes = batch.map(({ change }) => change)
      ;({ committed, unread } = await commitAtOnce(db, pair, changes, limits))
    } catch (error) {
      return error ?? new Error('failed')
    }
    await tell({
      events: committed.flatMap(({ outcome }) => outcome.event ?? []),
      isByOthers: batch.some(({ change }) => isByOthers(change)),
      unread,
    })
    // Whoever gets the marked images deletes them: one is enough.
    const state = stateOf(db)
    const deletes = committed.findIndex(({ marksImages }) => marksImages)
    committed.forEach(({ outcome }, i) => {
      batch[i]?.resolve({ ok: true, outcome, state: i === deletes ? state : { ...state, markedImages: [] } })
    })
    return undefined
  }

  return {
    exclusively,
    async settle() {
      if (unsettled.isAny()) await settle([], [])
    },
    isUnsettled: unsettled.isAny,
    commit: (change, isDoubtful = false) =>
      new Promise((resolve) => {
        if (waiting.length >= MAX_WAITING_CHANGES) return resolve({ ok: false, why: 'unavailable' })
        waiting.push({ change, isDoubtful, resolve })
        void exclusively(() => commitTogether(waiting.splice(0, MAX_CHANGES_PER_COMMIT)))
      }),
  }
}

/** A mistake of ours is logged here: its error does not survive RPC. */
function refuse(batch: WaitingChange[], error: unknown): void {
  const failure = failureOf(error)
  if (failure.why === 'internal')
    console.error(JSON.stringify({ error: 'A change could not be made.', why: String(error) }))
  for (const { resolve } of batch) resolve(failure)
}
