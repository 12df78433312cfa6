/** Reads from the log what a client has missed. */
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
/** A client that is further behind reads pages. */
export const MAX_REPLAYED_CHANGES = 1_000

/** The progress of one client's catching up, across all its calls. */
export interface CatchUp {
  /** The seq where it started. */
  from: number
  /** The messages since then that the client already has, so that later changes to them are sent as changes, not as new messages. */
  shown: Set<number>
  /** The bytes sent so far. */
  bytes: number
}

export interface MissedChanges {
  /** The conversation's newest seq. */
  newest: number
  /** In order, without what a later change of the same message supersedes. A message that is new since then comes as a new message. */
  events: ConversationEvent[]
  /** Everything up to this seq has been read. */
  seen: number
  /** Both users' unread counts. Undefined if there is no conversation. */
  unread: UnreadOfBoth | undefined
}

/** The conversation's newest seq; 0 if there is no conversation. One call, which reads 1 row. */
export async function newestSeq(db: Db, pair: Pair): Promise<number> {
  const [[conversation]] = await db.batch([newestSeqStatement(pair)])
  return conversation?.seq ?? 0
}

export const newestSeqStatement = (pair: Pair) =>
  statement(build.select({ seq: c.seq }).from(c).where(ofPair(pair, c)))

/** The first changes after `since`. Throws `ForeignKeyViolation` if one user blocks the other. One call; reads at most 6 rows for each change. */
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
