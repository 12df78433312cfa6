/**
 * Commits the changes of one conversation, one transaction at a time.
 *
 * The calls of a Durable Object interleave wherever they wait for D1, so it is this queue that puts changes in order. Those that arrive
 * while a commit is under way wait, and go into the next one together: a busy conversation makes many changes for each round trip.
 */
import { activeUserStatement, type Db, stateOf } from '../../db/client'
import { DatabaseUnavailable, ForeignKeyViolation, UserInactive, UserNotFound } from '../../db/errors'
import { MarkStatement } from '../../db/image-leases'
import type { Limits } from '../../limits/limits'
import { Throttled } from '../../limits/throttled'
import type { Change, CommitResult, ConversationEvent, Outcome, Refusal } from '../shared/changes'
import { ensureConversationStatement } from '../shared/conversation-row'
import type { Pair } from '../shared/pair'
import { changeStatements } from './change-statements'

/** How many changes one transaction holds: D1 gives a call 30 seconds. */
const MAX_CHANGES_PER_COMMIT = 40
/** How many changes are taken in while D1 is slow: each may hold `MAX_CONTENT_CHARACTERS`, and the object has 128 MB. */
const MAX_WAITING_CHANGES = 2_000

export interface CommitQueue {
  commit(change: Change): Promise<CommitResult>
  /** Runs something while nothing is being committed. */
  exclusively<T>(run: () => Promise<T>): Promise<T>
}

/** What has just been committed. `isGap`: perhaps that was not all, as the answer of an earlier commit was lost. */
export interface Committed {
  events: ConversationEvent[]
  isGap: boolean
}

interface WaitingChange {
  change: Change
  resolve: (result: CommitResult) => void
  reject: (error: unknown) => void
}

interface CommittedChange {
  outcome: Outcome
  /** Whether its statements may have marked images. */
  marksImages: boolean
}

/** `onCommitted` learns of each commit, in order, before anybody has an answer. */
export function commitQueue(
  openDb: () => Db,
  pair: Pair,
  limits: Limits,
  onCommitted: (news: Committed) => Promise<void>,
): CommitQueue {
  const waiting: WaitingChange[] = []
  let last: Promise<unknown> = Promise.resolve()
  let isGap = false

  function exclusively<T>(run: () => Promise<T>): Promise<T> {
    const result = last.then(run)
    last = result.catch(() => undefined)
    return result
  }

  async function commitTogether(batch: WaitingChange[]): Promise<void> {
    if (batch.length === 0) return
    let committed: CommittedChange[]
    const db = openDb()
    try {
      committed = await write(db, batch)
    } catch (error) {
      const isUnknown = refusalOf(error) === 'unavailable'
      isGap ||= isUnknown
      // Nothing was written, and it is not known whose change is to blame: each is tried on its own.
      if (batch.length > 1 && !isUnknown) for (const one of batch) await commitTogether([one])
      else for (const one of batch) refuse(one, error)
      return
    }
    const news = { events: committed.flatMap(({ outcome }) => outcome.event ?? []), isGap }
    isGap = false
    // The changes are committed: whatever fails from here on, they must be neither refused nor made again.
    await onCommitted(news).catch((error: unknown) => {
      isGap = true
      console.error(JSON.stringify({ error: 'A change could not be told to all.', why: String(error) }))
    })
    // Whoever gets the marked images deletes them. Only one may: a second, later, could take an image that was stored anew meanwhile.
    const state = stateOf(db)
    const deletes = committed.findIndex(({ marksImages }) => marksImages)
    committed.forEach(({ outcome }, i) => {
      batch[i]?.resolve({ ok: true, outcome, state: i === deletes ? state : { ...state, markedImages: [] } })
    })
  }

  /** One transaction. Throws where nothing was written, and where that is not known. */
  async function write(db: Db, batch: WaitingChange[]): Promise<CommittedChange[]> {
    const now = Date.now()
    const changes = batch.map(({ change }) => changeStatements(pair, change, now, limits))
    const userIds = new Set(batch.map(({ change }) => change.userId))
    const mayBegin = batch.some(({ change }) => change.type === 'send')
    const before = [
      ...[...userIds].map(activeUserStatement),
      ...(mayBegin ? [ensureConversationStatement(pair)] : []),
    ]
    const results = await db.batch([...before, ...changes.flatMap(({ statements }) => statements)])
    const rest = results.slice(before.length)
    return changes.map(({ statements, outcome }) => ({
      outcome: outcome(rest.splice(0, statements.length)),
      marksImages: statements.some((statement) => statement instanceof MarkStatement),
    }))
  }

  return {
    exclusively,
    commit: (change) =>
      new Promise((resolve, reject) => {
        if (waiting.length >= MAX_WAITING_CHANGES) return resolve({ ok: false, why: 'unavailable' })
        waiting.push({ change, resolve, reject })
        void exclusively(() => commitTogether(waiting.splice(0, MAX_CHANGES_PER_COMMIT)))
      }),
  }
}

function refuse({ resolve, reject }: WaitingChange, error: unknown): void {
  const why = refusalOf(error)
  if (error instanceof Throttled)
    resolve({ ok: false, why: 'throttled', waitMs: error.waitMs, policy: error.policy })
  else if (why) resolve({ ok: false, why })
  else reject(error)
}

function refusalOf(error: unknown): Exclude<Refusal, 'throttled'> | undefined {
  if (error instanceof DatabaseUnavailable) return 'unavailable'
  if (error instanceof UserNotFound) return 'user_not_found'
  if (error instanceof UserInactive) return 'user_inactive'
  // The sender was found to be there, so the one who does not exist is the recipient.
  if (error instanceof ForeignKeyViolation) return 'no_recipient'
  return undefined
}
