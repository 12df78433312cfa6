/**
 * Commits the changes of one conversation, one transaction at a time.
 *
 * A Durable Object's calls interleave wherever they wait for D1, so this is what puts them in order. What arrives while a commit is
 * under way waits and goes into the next one together: a busy conversation makes many changes for each round trip.
 */
import type { Db, Spent } from '../db/client'
import { DatabaseUnavailable, ForeignKeyViolation, UserInactive, UserNotFound } from '../db/errors'
import { type Change, type Event, ensureConversation, type Outcome } from './changes'
import { plan } from './plan'
import type { Pair } from './rows'

/** Why a change was not made. A value, as error classes do not survive RPC. */
export type Refusal = 'unavailable' | 'user_not_found' | 'user_inactive' | 'no_recipient'

/** `spent` is what the whole transaction has, which may have held other changes too. */
export type Result = { ok: true; outcome: Outcome; spent: Spent } | { ok: false; why: Refusal }

interface Waiting {
  change: Change
  resolve: (result: Result) => void
  reject: (error: unknown) => void
}

/** One transaction holds at most so many: D1 gives a call 30 seconds. */
const TOGETHER = 40
/** More than that are not taken in while D1 is slow: each may be 10,000 characters, and the object has 128 MB. */
const MAX_WAITING = 2_000

export interface Committer {
  commit(change: Change): Promise<Result>
  /** Runs something when nothing is being committed, and lets nothing be committed meanwhile. */
  exclusively<T>(run: () => Promise<T>): Promise<T>
}

/** What has just been committed. `isGap`: perhaps that was not all, as the answer of an earlier commit was lost. */
export interface Committed {
  events: Event[]
  isGap: boolean
}

/** `committed` learns of each commit, in order, before anybody has an answer. */
export function committer(
  openDb: () => Db,
  pair: Pair,
  committed: (news: Committed) => Promise<void>,
): Committer {
  const waiting: Waiting[] = []
  let last: Promise<unknown> = Promise.resolve()
  let isGap = false

  function exclusively<T>(run: () => Promise<T>): Promise<T> {
    const result = last.then(run)
    last = result.catch(() => undefined)
    return result
  }

  async function commitTogether(batch: Waiting[]): Promise<void> {
    if (batch.length === 0) return
    let outcomes: Outcome[]
    const db = openDb()
    try {
      outcomes = await write(db, batch)
    } catch (error) {
      const isUnknown = refusal(error) === 'unavailable'
      isGap ||= isUnknown
      // Nothing was written, and it is not known whose change is to blame: each on its own then.
      if (batch.length > 1 && !isUnknown) for (const one of batch) await commitTogether([one])
      else for (const one of batch) settle(one, error)
      return
    }
    const news = { events: outcomes.flatMap(({ event }) => event ?? []), isGap }
    isGap = false
    // From here on it is committed, and must be neither refused nor made again.
    await committed(news).catch((error: unknown) => {
      isGap = true
      console.error(JSON.stringify({ error: 'A change could not be told to all.', why: String(error) }))
    })
    batch.forEach(({ resolve }, i) => {
      const outcome = outcomes[i]
      if (outcome) resolve({ ok: true, outcome, spent: { cost: db.cost, bookmark: db.bookmark() } })
    })
  }

  /** One transaction. Throws where nothing was written, and where that is not known. */
  async function write(db: Db, batch: Waiting[]): Promise<Outcome[]> {
    const now = Date.now()
    const plans = batch.map(({ change }) => plan(db, pair, change, now))
    const users = new Set(batch.map(({ change }) => change.userId))
    const begins = batch.some(({ change }) => change.type === 'send')
    const [first, ...rest] = [
      ...[...users].map((userId) => db.assertActive(userId)),
      ...(begins ? [ensureConversation(db, pair)] : []),
      ...plans.flatMap(({ statements }) => statements),
    ]
    if (!first) return []
    const results: unknown[][] = await db.batch([first, ...rest])
    let from = users.size + (begins ? 1 : 0)
    return plans.map(({ statements, outcome }) => {
      const own = results.slice(from, from + statements.length)
      from += statements.length
      return outcome(own)
    })
  }

  return {
    exclusively,
    commit: (change) =>
      new Promise((resolve, reject) => {
        if (waiting.length >= MAX_WAITING) return resolve({ ok: false, why: 'unavailable' })
        waiting.push({ change, resolve, reject })
        void exclusively(() => commitTogether(waiting.splice(0, TOGETHER)))
      }),
  }
}

function settle({ resolve, reject }: Waiting, error: unknown): void {
  const why = refusal(error)
  if (why) resolve({ ok: false, why })
  else reject(error)
}

function refusal(error: unknown): Refusal | undefined {
  if (error instanceof DatabaseUnavailable) return 'unavailable'
  if (error instanceof UserNotFound) return 'user_not_found'
  if (error instanceof UserInactive) return 'user_inactive'
  // The sender was asserted before, so the one who does not exist is the other.
  if (error instanceof ForeignKeyViolation) return 'no_recipient'
  return undefined
}
