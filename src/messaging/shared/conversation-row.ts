/** The row of a conversation. */
import { type Column, type SQL, sql } from 'drizzle-orm'
import { conversations } from '../../db/schema'
import { build, statement } from '../../db/statements'
import type { Pair } from './pair'

/** The condition for the conversation of a pair, of the table or of an alias of it. */
export const ofPair = (
  { a, b }: Pair,
  { userA, userB }: { userA: Column; userB: Column } = conversations,
): SQL => sql`${userA} = ${a} and ${userB} = ${b}`

/** The statement that makes the row unless it is there. Fails with a `ForeignKeyViolation` where one of the two does not exist. */
export const ensureConversationStatement = ({ a, b }: Pair) =>
  statement(
    build
      .insert(conversations)
      .values({ userA: a, userB: b })
      // Without a target SQLite would look for the id too.
      .onConflictDoNothing({ target: [conversations.userA, conversations.userB] }),
  )
