/** Deletes one message or all of them, in SQL. */
import { and, eq, isNotNull, type SQL, sql } from 'drizzle-orm'
import { alias } from 'drizzle-orm/sqlite-core'
import { markUnreferencedStatement } from '../../db/image-leases'
import { type Charge, chargeStatement } from '../../db/rate-limits'
import { clearedConversations, conversations, messages } from '../../db/schema'
import { build, statement, writeStatement } from '../../db/statements'
import type { ChangeOf } from '../shared/changes'
import { ofPair } from '../shared/conversation-row'
import type { Pair, Side } from '../shared/pair'
import { type ChangeStatements, logStatement, nextSeq, withOutcome } from './change-log'
import { isConversationOf, isSentBy } from './own-message'
import { SIDES } from './sides'

const remaining = alias(messages, 'remaining')

/** Reduces this user's unread count by one if the message was unread. */
function unreadWithout(side: Side) {
  const { user, read, unread, set } = SIDES[side]
  return set({
    unread: sql`${unread} - (${messages.senderId} <> ${user} and ${messages.seq} > ${read})`,
  })
}

/** The statement that removes a message from its conversation's counts, before it is deleted. */
export function countWithoutStatement(messageId: number, which: SQL) {
  const newestRemaining = sql`(select ${remaining.id} from messages remaining
    where ${remaining.conversationId} = ${conversations.id} and ${remaining.id} <> ${messageId} and ${remaining.id} > ${conversations.clearedTo}
    order by ${remaining.id} desc limit 1)`
  return statement(
    build
      .update(conversations)
      .set({
        seq: nextSeq,
        messagesCount: sql`${conversations.messagesCount} - 1`,
        lastMessageId: newestRemaining,
        ...unreadWithout('a'),
        ...unreadWithout('b'),
      })
      .from(messages)
      .where(and(eq(conversations.id, messages.conversationId), which)),
  )
}

export function deleteStatements(
  change: ChangeOf<'delete' | 'erase'>,
  charged: readonly Charge[],
  now: number,
): ChangeStatements {
  const { userId, messageId } = change
  const isOwn = isSentBy(userId, messageId)
  return withOutcome(
    [
      logStatement({ kind: 'deleted', change, messageId: sql`${messageId}` }, isConversationOf(isOwn)),
      countWithoutStatement(messageId, isOwn),
      statement(build.delete(messages).where(isOwn)),
      markUnreferencedStatement(),
      chargeStatement(charged, now),
    ],
    ([[event]]) => ({ event }),
  )
}

/** With more messages than this, clearing a conversation would write some thousand rows in one statement. */
const MAX_CLEARED_AT_ONCE = 200

/**
 * Clears the conversation for both users. Its row stays, and its `seq` continues. If there are many messages, a mark hides them, and the scheduled
 * job erases them (`clearing-statements.ts`). All count as read, so that erasing them changes no unread count.
 */
export function clearStatements(pair: Pair, change: ChangeOf<'clear'>): ChangeStatements {
  const hasMessages = and(ofPair(pair), isNotNull(conversations.lastMessageId))
  return withOutcome(
    [
      logStatement({ kind: 'cleared', change }, hasMessages),
      writeStatement(sql`insert into ${clearedConversations} (conversation_id)
        select id from conversations where ${hasMessages} and ${conversations.messagesCount} > ${MAX_CLEARED_AT_ONCE}
        on conflict do nothing`),
      // Messages that moderators have hidden must not be restored into a cleared conversation.
      writeStatement(
        sql`delete from hidden_messages where conversation_id = (select id from conversations where ${hasMessages})`,
      ),
      statement(
        build
          .update(conversations)
          .set({
            seq: nextSeq,
            lastMessageId: null,
            messagesCount: 0,
            unreadA: 0,
            unreadB: 0,
            readA: nextSeq,
            readB: nextSeq,
            clearedTo: sql`${conversations.lastMessageId}`,
          })
          .where(hasMessages),
      ),
      statement(
        build.delete(messages).where(
          eq(
            messages.conversationId,
            sql`(select ${conversations.id} from conversations where ${ofPair(pair)}
                and not exists (select 1 from cleared_conversations where conversation_id = ${conversations.id}))`,
          ),
        ),
      ),
      markUnreferencedStatement(),
    ],
    ([[event]]) => ({ event }),
  )
}
