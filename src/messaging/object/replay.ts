/** Reads what a client of a channel has missed. */
import type { Db } from '../../db/client'
import { ForeignKeyViolation, isSignedOut } from '../../db/errors'
import { logMistake } from '../../sockets/mistakes'
import type { ConversationEvent } from '../shared/changes'
import { type Pair, sideOf } from '../shared/pair'
import type { Replay, ReplayResult } from '../shared/replay'
import { MAX_REPLAYED_CHANGES, missedChanges } from './missed-changes'

/** About `MAX_REPLAYED_BYTES` on the wire, since a message has some fields besides its text. */
const MAX_CHARACTERS = 2 ** 19

interface Wanted {
  userId: number
  since: number
}

/** Reads at most 6 rows for each of at most 1,000 changes. One call for each 200. */
export async function replay(db: Db, pair: Pair, wanted: Wanted): Promise<ReplayResult> {
  try {
    return { ok: true, replay: await read(db, pair, wanted) }
  } catch (error) {
    // If one user blocks the other, there is no conversation for them.
    if (error instanceof ForeignKeyViolation)
      return { ok: true, replay: { events: [], isResync: wanted.since > 0, newest: 0, unread: 0 } }
    if (isSignedOut(error)) return { ok: false, why: 'signed out' }
    logMistake(error)
    return { ok: false, why: 'unavailable' }
  }
}

async function read(db: Db, pair: Pair, { userId, since }: Wanted): Promise<Replay> {
  const events: ConversationEvent[] = []
  const progress = { from: since, shown: new Set<number>() }
  let characters = 0
  for (let seen = since; ; ) {
    const missed = await missedChanges(db, pair, seen, progress)
    const { newest } = missed
    events.push(...missed.events)
    for (const { message } of missed.events) characters += message?.content.length ?? 0
    const isResync = since > newest || newest - since > MAX_REPLAYED_CHANGES || characters > MAX_CHARACTERS
    if (isResync || missed.seen >= newest) {
      const unread = missed.unread?.[sideOf(pair, userId)] ?? 0
      return { events: isResync ? [] : events, isResync, newest, unread }
    }
    seen = missed.seen
  }
}
