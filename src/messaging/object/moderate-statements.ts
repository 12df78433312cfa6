/**
 * Moderators' actions on a message, in SQL. Hiding deletes it for both users and keeps it in another table. Restoring brings it back unchanged, and
 * both users get that as an edit. The audit log's entry is written in the same transaction.
 */
import { eq, type SQL, sql } from 'drizzle-orm'
import { markUnreferencedStatement } from '../../db/image-leases'
import { conversations, messages } from '../../db/schema'
import { selectStatement, writeStatement } from '../../db/statements'
import { isForStatement } from '../../moderation/case-queries'
import { logCaseStatement } from '../../moderation/log-statements'
import type { ChangeOf } from '../shared/changes'
import { fromMessage, MESSAGE, m } from '../shared/message-row'
import { type ChangeStatements, logStatement, withOutcome } from './change-log'
import { countWithoutStatement } from './delete-statements'

/** The statements of the action. None of them has an effect if there is no such message, or if it must stay as it is. */
export function moderateStatements(change: ChangeOf<'moderate'>): ChangeStatements {
  return change.deed.action === 'restore' ? restoreStatements(change) : hideStatements(change)
}

/** The first statements: they check that the moderator may judge the case, and add the log entry if the message's conversation exists. */
const notedStatements = ({ userId, deed }: ChangeOf<'moderate'>, conversationId: SQL) =>
  [
    isForStatement(userId, deed.caseId),
    logCaseStatement(
      { ...deed, actorId: userId, isNotice: true },
      sql`from cases c where c.id = ${deed.caseId} and c.kind = 'message' and c.subject_id = ${deed.messageId}
        and ${conversationId} is not null`,
    ),
  ] as const

function hideStatements(change: ChangeOf<'moderate'>): ChangeStatements {
  const { messageId, eraseAt = null, now } = change.deed
  const isIt = eq(messages.id, messageId)
  // Nothing of an account that is being erased may be kept.
  const conversationId = sql`coalesce((select m.conversation_id from messages m cross join conversations k on k.id = m.conversation_id
      where m.id = ${messageId} and m.id > k.cleared_to and not exists (select 1 from deleted_accounts d where d.user_id = m.sender_id and d.erasing_since is not null)),
    (select h.conversation_id from hidden_messages h where h.message_id = ${messageId}))`
  const isKept = sql`exists (select 1 from hidden_messages h where h.message_id = ${messageId})`
  const isThere = sql`exists (select 1 from messages m where m.id = ${messageId})`
  return withOutcome(
    [
      ...notedStatements(change, conversationId),
      logStatement(
        { kind: 'deleted', change, messageId: sql`${messageId}` },
        sql`${conversations.id} = ${conversationId}`,
      ),
      // A message that is hidden already is reported once more, so that each of these actions is a change.
      writeStatement(
        sql`update conversations set seq = seq + 1 where id = ${conversationId} and not ${isThere}`,
      ),
      writeStatement(sql`insert into hidden_messages
        (message_id, conversation_id, sender_id, content, image, image_width, image_height, image_thumbhash, created_at, edited_at, seq,
          hidden_at, erase_at)
        select id, conversation_id, sender_id, content, image, image_width, image_height, image_thumbhash, created_at, edited_at, seq, ${now}, ${eraseAt} from messages
          where id = ${messageId} and conversation_id = ${conversationId}`),
      writeStatement(
        sql`update hidden_messages set erase_at = ${eraseAt} where message_id = ${messageId} and not ${isThere}`,
      ),
      countWithoutStatement(messageId, sql`${isIt} and ${isKept}`),
      writeStatement(sql`delete from messages where id = ${messageId} and ${isKept}`),
      markUnreferencedStatement(),
    ],
    ([, , [event]]) => ({ event }),
  )
}

function restoreStatements(change: ChangeOf<'moderate'>): ChangeStatements {
  const { messageId, now } = change.deed
  const hidden = sql`from hidden_messages h where h.message_id = ${messageId} and (h.erase_at is null or h.erase_at > ${now})`
  const conversationId = sql`(select h.conversation_id ${hidden})`
  const unread = (user: 'user_a' | 'user_b', read: 'read_a' | 'read_b') =>
    sql`(h.sender_id <> c.${sql.raw(user)} and h.seq > c.${sql.raw(read)})`
  return withOutcome(
    [
      ...notedStatements(change, conversationId),
      logStatement(
        { kind: 'edited', change, messageId: sql`${messageId}` },
        sql`${conversations.id} = ${conversationId}`,
      ),
      writeStatement(sql`insert into messages
        (id, conversation_id, sender_id, content, image, image_width, image_height, image_thumbhash, created_at, edited_at, seq, changed_seq)
        select h.message_id, h.conversation_id, h.sender_id, h.content, h.image, h.image_width, h.image_height, h.image_thumbhash, h.created_at, h.edited_at, h.seq,
          (select seq + 1 from conversations where id = h.conversation_id) ${hidden}`),
      // The row is not new: it was counted as deleted.
      writeStatement(
        sql`update sequences set deleted = deleted - 1 where name = 'messages' and exists (select 1 ${hidden})`,
      ),
      writeStatement(sql`update conversations as c set seq = c.seq + 1, messages_count = c.messages_count + 1,
        last_message_id = max(coalesce(c.last_message_id, 0), h.message_id),
        unread_a = c.unread_a + ${unread('user_a', 'read_a')}, unread_b = c.unread_b + ${unread('user_b', 'read_b')}
        ${hidden} and c.id = h.conversation_id`),
      writeStatement(sql`delete from hidden_messages where message_id in (select h.message_id ${hidden})`),
      selectStatement(MESSAGE, sql`${fromMessage} where ${m.id} = ${messageId}`),
    ],
    ([, , [entry], , , , , [message]]) => ({ event: entry && message && { ...entry, message }, message }),
  )
}
