/** Finds the messages to consider when a user's messages are erased. */
import { sql } from 'drizzle-orm'
import type { Db } from '../../db/client'
import { selectStatement } from '../../db/statements'
import { ofPair } from '../shared/conversation-row'
import { c, m } from '../shared/message-row'
import type { Pair } from '../shared/pair'

/** How many messages one piece reads, and may delete. */
const PIECE_MESSAGES = 100

/** The next messages after this one, and whether they are the last. Reads two rows for each. */
export async function messagesAfter(db: Db, pair: Pair, after: number) {
  const [messages] = await db.batch([
    selectStatement(
      { id: m.id, senderId: m.senderId },
      sql`from conversations c cross join messages m on ${m.conversationId} = ${c.id}
        where ${ofPair(pair, c)} and ${m.id} > ${after} order by ${m.id} limit ${PIECE_MESSAGES}`,
    ),
  ])
  return { messages, isLast: messages.length < PIECE_MESSAGES }
}
