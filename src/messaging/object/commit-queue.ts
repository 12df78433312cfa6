/**
 * Commits the changes of one conversation, one transaction at a time.
 *
 * The calls of a Durable Object interleave wherever they wait for D1, so this queue orders the changes. Those that arrive during a commit
 * wait, and share the next one: a busy conversation makes many changes per round trip.
 *
 * If D1's answer is lost, the queue does not know whether the batch was committed, and first finds out: it looks up the changes' ids in the log,
 * and revokes those that are missing (`settle-queries.ts`). Changes that it finds are answered as usual. The others can no longer be committed,
 * so it makes them again. So no change is made twice, with or without a key.
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

/** How many changes one transaction holds. D1 has `DEADLINES_MS` for all of them. */
const MAX_CHANGES_PER_COMMIT = 40
/** How many changes may wait while D1 is slow. Each may hold `MAX_CONTENT_CHARACTERS`, and the object has 128 MB. */
const MAX_WAITING_CHANGES = 2_000

export interface CommitQueue {
  /** `isDoubtful`: an earlier call with this id had an unknown result. */
  commit(change: TrackedChange, isDoubtful?: boolean): Promise<CommitResult>
  /** Runs a function while nothing is being committed. */
  exclusively<T>(run: () => Promise<T>): Promise<T>
  /** Settles the changes whose result is unknown. Throws if that is impossible. Call it only while nothing is committed. */
  settle(): Promise<void>
  /** Whether there are changes whose result is unknown. They may still be committed. */
  isUnsettled(): boolean
}

/** The result of a commit. */
export interface Committed {
  events: ConversationEvent[]
  /** Events may be missing, because the answer of an earlier commit was lost. */
  isGap: boolean
  /** Some changes were made by neither participant, so they happened even if one blocks the other. */
  isByOthers?: boolean
  /** Both users' unread counts after it. */
  unread?: UnreadOfBoth | undefined
}

interface Listening {
  /** Called after each commit, in order, before anybody gets an answer. */
  onCommitted: (news: Committed) => Promise<void>
  /** Called if something may have been committed without `onCommitted` being called, or if that failed. Never throws. */
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

  /** Reports a commit. If this fails, the changes must be neither refused nor made again. */
  async function tell(committed: Omit<Committed, 'isGap'>): Promise<void> {
    const news = { ...committed, isGap }
    isGap = false
    await onCommitted(news).catch(async (error: unknown) => {
      console.error(JSON.stringify({ error: 'A change could not be told to all.', why: String(error) }))
      await noteGap()
    })
  }

  /** Answers the changes that turn out to be committed. Gives the others, which can no longer be committed. */
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
        // Only if SQLite refused the batch is it certain that nothing was written. Any other error may have followed the commit.
        if (!(error instanceof Rejected || error instanceof Throttled))
          left = await settle(
            sent.map(({ change }) => change),
            sent,
          )
        // It is unknown which change caused the error, so each is tried alone.
        else if (sent.length > 1) return await oneByOne(sent)
        else return refuse(sent, error)
        if (isLast || Date.now() - started > DEADLINES_MS.write) return refuse(left, error)
      }
    } catch (error) {
      // Settling failed.
      await noteGap()
      refuse(left, error)
    }
  }

  async function oneByOne(batch: WaitingChange[]): Promise<void> {
    // Doubtful changes are settled by now, and have new ids.
    for (const one of batch) await commitTogether([{ ...one, isDoubtful: false }])
  }

  /** Runs one transaction and reports it. Gives the error if it failed. */
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
    // The caller that gets the marked images deletes them, so only one gets them.
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

/** Bugs are logged here, because their errors do not survive RPC. */
function refuse(batch: WaitingChange[], error: unknown): void {
  const failure = failureOf(error)
  if (failure.why === 'internal')
    console.error(JSON.stringify({ error: 'A change could not be made.', why: String(error) }))
  for (const { resolve } of batch) resolve(failure)
}
