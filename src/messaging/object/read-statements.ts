/** Marking messages as read, in SQL. */
import { and, gt, sql } from 'drizzle-orm'
import { changes, conversations, messages } from '../../db/schema'
import { build, statement } from '../../db/statements'
import type { ChangeOf } from '../shared/changes'
import { ofPair } from '../shared/conversation-row'
import { type Pair, sideOf } from '../shared/pair'
import { type ChangeStatements, logStatement, nextSeq, withOutcome } from './change-log'
import { SIDES } from './sides'

/** So many changes are looked at, three times over, unless all is read: then nothing needs counting. */
const MAX_LOOKED_AT = 300

/** The statements that mark as read what the other person sent up to a seq; where that is not the newest, as far as `MAX_LOOKED_AT` changes reach. */
export function readStatements(pair: Pair, change: ChangeOf<'read'>): ChangeStatements {
  const { userId, upTo } = change
  const reader = SIDES[sideOf(pair, userId)]
  const isAll = sql`${upTo} >= coalesce((select seq from messages where id = ${conversations.lastMessageId}), 0)`
  const readUpTo = sql`min(${upTo}, ${conversations.seq}, iif(${isAll}, ${conversations.seq}, ${reader.read} + ${MAX_LOOKED_AT}))`
  // Counted in the log, which is in the order of seq and never looked at again where it has been read.
  const newlyRead = sql`iif(${isAll}, ${reader.unread}, (select count(*) from changes cross join messages on ${messages.id} = ${changes.messageId}
    where ${changes.conversationId} = ${conversations.id} and ${changes.seq} > ${reader.read} and ${changes.seq} <= ${readUpTo}
      and ${changes.kind} = 'message' and ${messages.senderId} <> ${userId}))`
  const isAnyRead = and(ofPair(pair), gt(reader.unread, 0), sql`${newlyRead} > 0`)
  return withOutcome(
    [
      logStatement({ kind: 'read', change, upTo: readUpTo }, isAnyRead),
      statement(
        build
          .update(conversations)
          .set({
            seq: nextSeq,
            ...reader.set({ read: readUpTo, unread: sql`${reader.unread} - ${newlyRead}` }),
          })
          .where(isAnyRead),
      ),
      statement(build.select({ unread: reader.unread }).from(conversations).where(ofPair(pair))),
    ],
    ([[event], , [counted]]) => ({ event, unread: counted?.unread ?? 0 }),
  )
}
