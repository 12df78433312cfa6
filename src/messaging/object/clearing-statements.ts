/** Erases messages that were cleared only by a mark (`delete-statements.ts`). They are already invisible. */
import { sql } from 'drizzle-orm'
import { clearedConversations } from '../../db/schema'
import { writeStatement } from '../../db/statements'

/** Each deletion also writes half a dozen rows: indexes, its image, and the table's size. */
const MESSAGES_AT_ONCE = 240
const CONVERSATIONS_AT_ONCE = 100

const IS_CLEARED = sql`m.conversation_id = c.id and m.id <= c.cleared_to`

/** The statements of the bounded pieces: first the messages, then the records that they are to be erased. */
export const eraseClearedStatements = [
  () =>
    writeStatement(sql`delete from messages where id in (select m.id
      from (select conversation_id from ${clearedConversations} order by conversation_id limit ${CONVERSATIONS_AT_ONCE}) k
      cross join conversations c on c.id = k.conversation_id cross join messages m on ${IS_CLEARED}
      limit ${MESSAGES_AT_ONCE}) returning id`),
  () =>
    writeStatement(sql`delete from ${clearedConversations} where conversation_id in
      (select k.conversation_id from (select conversation_id from ${clearedConversations} order by conversation_id limit ${CONVERSATIONS_AT_ONCE}) k
        cross join conversations c on c.id = k.conversation_id
        where not exists (select 1 from messages m where ${IS_CLEARED})) returning 1`),
]
