/** Edits a message, in SQL. */
import { sql } from 'drizzle-orm'
import { imageColumns, markUnreferencedStatement, withLease } from '../../db/image-leases'
import { chargeStatement, charges } from '../../db/rate-limits'
import { conversations, messages } from '../../db/schema'
import { build, selectStatement, statement } from '../../db/statements'
import type { Limits } from '../../limits/limits'
import type { ChangeOf } from '../shared/changes'
import { fromMessage, MESSAGE, m } from '../shared/message-row'
import { type ChangeStatements, logStatement, nextSeq, withOutcome } from './change-log'
import { isConversationOf, isSentBy } from './own-message'

/** The statements of an edit. They make sure that a message keeps content or an image, even after a concurrent edit. */
export function editStatements(change: ChangeOf<'edit'>, now: number, limits: Limits): ChangeStatements {
  const { userId, messageId, content, image, imageThumbhash } = change
  const newContent = content === undefined ? messages.content : sql`${content}`
  const statements = withLease(image, (hash) => {
    const newImage = hash === undefined ? messages.image : sql`${hash}`
    const isEditable = sql`${isSentBy(userId, messageId)} and (${newContent} <> '' or ${newImage} is not null)`
    const inConversation = isConversationOf(isEditable)
    return [
      logStatement({ kind: 'edited', change, messageId: sql`${messageId}` }, inConversation),
      statement(build.update(conversations).set({ seq: nextSeq }).where(inConversation)),
      statement(
        build
          .update(messages)
          .set({
            content,
            image: hash,
            ...imageColumns(image, imageThumbhash),
            editedAt: now,
            changedSeq: sql`(select ${conversations.seq} from conversations
              where ${conversations.id} = ${messages.conversationId})`,
          })
          .where(isEditable),
      ),
      selectStatement(MESSAGE, sql`${fromMessage} where ${m.id} = ${messageId}`),
      // With a new image, its lease adds this statement.
      ...(image ? [] : [markUnreferencedStatement()]),
      chargeStatement(charges(limits, 'edits', userId), now),
    ]
  })
  return withOutcome(statements, ([[entry], , , [message]]) => ({
    event: entry && message && { ...entry, message },
    message,
  }))
}
