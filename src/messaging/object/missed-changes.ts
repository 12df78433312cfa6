/** The log of a conversation, read back: what a client has missed. */
import { and, asc, eq, gt, sql } from 'drizzle-orm'
import type { Db } from '../../db/client'
import { changes } from '../../db/schema'
import { build, statement } from '../../db/statements'
import type { ConversationEvent } from '../shared/changes'
import { notBlockedStatement, ofPair } from '../shared/conversation-row'
import { c, m, messageJson, parseMessage } from '../shared/message-row'
import type { Pair } from '../shared/pair'
import { EVENT } from './change-log'
import { type UnreadOfBoth, unreadStatement } from './unread-statements'

/** How many entries of the log one call reads. */
const MAX_ENTRIES = 200
/** Whoever is further behind reads pages. */
export const MAX_REPLAYED_CHANGES = 1_000

/** One client's catching up, over as many calls as it takes. */
export interface CatchUp {
  /** The seq where it began. */
  from: number
  /** The messages that were new since then and that it has: what happens to them now is news of old ones. */
  shown: Set<number>
  /** What has been sent. */
  bytes: number
}

export interface MissedChanges {
  /** The conversation's newest seq. */
  newest: number
  /** In order. What a later change of the same message supersedes is left out, and a message new since then comes as one. */
  events: ConversationEvent[]
  /** Everything up to here has been looked at. */
  seen: number
  /** What each has unread; undefined where there is no conversation. */
  unread: UnreadOfBoth | undefined
}

/** The conversation's newest seq; 0 where there is no conversation. One call, reads 1 row. */
export async function newestSeq(db: Db, pair: Pair): Promise<number> {
  const [[conversation]] = await db.batch([newestSeqStatement(pair)])
  return conversation?.seq ?? 0
}

export const newestSeqStatement = (pair: Pair) =>
  statement(build.select({ seq: c.seq }).from(c).where(ofPair(pair, c)))

/** The first changes after `since`. Throws `ForeignKeyViolation` where one of the two blocks the other. One call. Reads at most 6 rows for each change. */
export async function missedChanges(
  db: Db,
  pair: Pair,
  since: number,
  { from, shown }: Pick<CatchUp, 'from' | 'shown'>,
): Promise<MissedChanges> {
  const message = messageJson(sql`${m.id} = ${changes.messageId} and ${m.changedSeq} = ${changes.seq}`)
  const [, [conversation], [unread], entries] = await db.batch([
    notBlockedStatement(pair),
    newestSeqStatement(pair),
    unreadStatement(pair),
    statement(
      build
        .select({
          ...EVENT,
          message: sql<
            string | null
          >`case when ${changes.kind} in ('message', 'edited') then ${message} end`.as('message'),
        })
        .from(c)
        .innerJoin(changes, eq(changes.conversationId, c.id))
        .where(and(ofPair(pair, c), gt(changes.seq, since)))
        .orderBy(asc(changes.seq))
        .limit(MAX_ENTRIES),
    ),
  ])
  const newest = conversation?.seq ?? 0
  const events = entries.flatMap(({ message, ...entry }): ConversationEvent[] => {
    if (entry.kind !== 'message' && entry.kind !== 'edited') return [entry]
    if (message === null) return []
    const row = parseMessage(message)
    const isNew = row.seq > from && !shown.has(row.id)
    if (isNew) shown.add(row.id)
    return [{ ...entry, kind: isNew ? 'message' : 'edited', message: row }]
  })
  return {
    newest,
    events,
    seen: entries.length < MAX_ENTRIES ? newest : (entries.at(-1)?.seq ?? newest),
    unread,
  }
}
