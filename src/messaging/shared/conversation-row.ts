/** The row of a conversation. */
import { type Column, type SQL, sql } from 'drizzle-orm'
import { NO_RECIPIENT_PATH } from '../../db/errors'
import { conversations } from '../../db/schema'
import { build, selectStatement, statement } from '../../db/statements'
import { isShown, mayWriteTo, notBlocked } from '../../db/visibility'
import type { Pair } from './pair'

/** The condition for a pair's conversation, in the table or an alias of it. */
export const ofPair = (
  { a, b }: Pair,
  { userA, userB }: { userA: Column; userB: Column } = conversations,
): SQL => sql`${userA} = ${a} and ${userB} = ${b}`

/** The statement that creates the row if it is missing. Fails with `ForeignKeyViolation` if one of the two users does not exist. */
export const ensureConversationStatement = (pair: Pair) => insertStatement(sql`${pair.a}`, pair)

/**
 * The same, before messages are sent. Fails in the same way if one of the two accounts is deleted, or if the conversation is new and one of the
 * senders may not start it.
 */
export function openConversationStatement(pair: Pair, senders: readonly number[]) {
  const mayBegin = senders.map((id) => mayWriteTo(id, pair.a + pair.b - id))
  const mayWrite = sql`((${sql.join(mayBegin, sql` and `)}) or exists (select 1 from conversations where ${ofPair(pair)} and seq > 0))`
  return insertStatement(
    sql`iif(${isShown(sql`${pair.a}`)} and ${isShown(sql`${pair.b}`)} and ${mayWrite}, ${pair.a}, ${NO_RECIPIENT})`,
    pair,
  )
}

/** The statement that fails, as if one of the two users did not exist, if one blocks the other. */
export const notBlockedStatement = ({ a, b }: Pair) =>
  selectStatement(
    { passed: sql<null>`iif(${notBlocked(sql`${a}`, sql`${b}`)}, null, ${NO_RECIPIENT})` },
    sql``,
  )

/** An expression that always fails: see `NO_RECIPIENT_PATH`. */
const NO_RECIPIENT = sql`json_extract('{}', ${sql.raw(`'${NO_RECIPIENT_PATH}'`)})`

const insertStatement = (userA: SQL, { b }: Pair) =>
  statement(
    build
      .insert(conversations)
      .values({ userA, userB: b })
      // Without a target SQLite would also look up the id.
      .onConflictDoNothing({ target: [conversations.userA, conversations.userB] }),
  )
