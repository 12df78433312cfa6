/** Marks messages as read, in SQL. */
import { and, gt, sql } from 'drizzle-orm'
import { changes, conversations, messages } from '../../db/schema'
import { build, statement } from '../../db/statements'
import type { ChangeOf } from '../shared/changes'
import { ofPair } from '../shared/conversation-row'
import { type Pair, sideOf } from '../shared/pair'
import { type ChangeStatements, logStatement, nextSeq, withOutcome } from './change-log'
import { SIDES } from './sides'

/** How many changes are read, three times over. If everything gets read, nothing needs counting. */
const MAX_LOOKED_AT = 300

/** The statements that mark as read what the other user sent up to a seq. If that is not the newest, they cover at most `MAX_LOOKED_AT` changes. */
export function readStatements(pair: Pair, change: ChangeOf<'read'>): ChangeStatements {
  const { userId, upTo } = change
  const reader = SIDES[sideOf(pair, userId)]
  const isAll = sql`${upTo} >= coalesce((select seq from messages where id = ${conversations.lastMessageId}), 0)`
  const readUpTo = sql`min(${upTo}, ${conversations.seq}, iif(${isAll}, ${conversations.seq}, ${reader.read} + ${MAX_LOOKED_AT}))`
  // Counted in the log, because it is sorted by seq, and the part that was read is never counted again.
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
