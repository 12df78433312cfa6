/** Conditions for changes that only a message's sender may make. */
import { type SQL, sql } from 'drizzle-orm'
import { conversations, messages } from '../../db/schema'

export const isSentBy = (userId: number, messageId: number): SQL =>
  sql`${messages.id} = ${messageId} and ${messages.senderId} = ${userId}
    and ${messages.id} > (select cl.cleared_to from conversations cl where cl.id = ${messages.conversationId})`

/** The condition for the conversation of the message that matches this condition. Matches none if there is no such message. */
export const isConversationOf = (message: SQL): SQL =>
  sql`${conversations.id} = (select ${messages.conversationId} from messages where ${message})`
