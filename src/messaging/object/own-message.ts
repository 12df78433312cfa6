/** Conditions for changes that only the sender of a message may make. */
import { type SQL, sql } from 'drizzle-orm'
import { conversations, messages } from '../../db/schema'

export const isSentBy = (userId: number, messageId: number): SQL =>
  sql`${messages.id} = ${messageId} and ${messages.senderId} = ${userId}
    and ${messages.id} > (select cl.cleared_to from conversations cl where cl.id = ${messages.conversationId})`

/** The condition for the conversation of the message for which this is true; for none where there is no such message. */
export const isConversationOf = (message: SQL): SQL =>
  sql`${conversations.id} = (select ${messages.conversationId} from messages where ${message})`
