/**
 * Commits the changes of one conversation, one transaction at a time.
 *
 * A Durable Object's calls interleave wherever they wait for D1, so this is what puts them in order. What arrives while a commit is
 * under way waits and goes into the next one together: a busy conversation makes many changes for each round trip.
 */
import type { Db, Spent } from '../db/client'
import { DatabaseUnavailable, ForeignKeyViolation, UserInactive, UserNotFound } from '../db/errors'
import { type Change, type Event, ensureConversation, type Outcome, plan } from './changes'
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

export interface Committer {
  commit(change: Change): Promise<Result>
  /** Runs something when nothing is being committed, and lets nothing be committed meanwhile. */
  exclusively<T>(run: () => Promise<T>): Promise<T>
}

/** `committed` learns of the events of each commit, in order, before anybody has an answer. */
export function committer(
  openDb: () => Db,
  pair: Pair,
  committed: (events: Event[], db: Db) => Promise<void>,
): Committer {
  const waiting: Waiting[] = []
  let last: Promise<unknown> = Promise.resolve()

  function exclusively<T>(run: () => Promise<T>): Promise<T> {
    const result = last.then(run)
    last = result.catch(() => undefined)
    return result
  }

  async function commitWaiting(): Promise<void> {
    const batch = waiting.splice(0, TOGETHER)
    if (batch.length === 0) return
    try {
      await commitTogether(batch)
    } catch (error) {
      // Nothing was written, and it is not known whose change is to blame: each on its own then.
      const apart = batch.length > 1 && refusal(error) !== 'unavailable'
      for (const one of batch) {
        if (apart) await commitTogether([one]).catch((alone) => settle(one, alone))
        else settle(one, error)
      }
    }
  }

  async function commitTogether(batch: Waiting[]): Promise<void> {
    const db = openDb()
    const now = Date.now()
    const plans = batch.map(({ change }) => plan(db, pair, change, now))
    const users = new Set(batch.map(({ change }) => change.userId))
    const begins = batch.some(({ change }) => change.type === 'send')
    const [first, ...rest] = [
      ...[...users].map((userId) => db.assertActive(userId)),
      ...(begins ? [ensureConversation(db, pair)] : []),
      ...plans.flatMap(({ statements }) => statements),
    ]
    if (!first) return
    const results: unknown[][] = await db.batch([first, ...rest])
    let from = users.size + (begins ? 1 : 0)
    const outcomes = plans.map(({ statements, outcome }) => {
      const own = results.slice(from, from + statements.length)
      from += statements.length
      return outcome(own)
    })
    await committed(
      outcomes.flatMap(({ event }) => event ?? []),
      db,
    )
    batch.forEach(({ resolve }, i) => {
      const outcome = outcomes[i]
      if (outcome) resolve({ ok: true, outcome, spent: { cost: db.cost, bookmark: db.bookmark() } })
    })
  }

  return {
    exclusively,
    commit: (change) =>
      new Promise((resolve, reject) => {
        waiting.push({ change, resolve, reject })
        void exclusively(commitWaiting)
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
