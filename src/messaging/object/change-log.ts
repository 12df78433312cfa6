/** The log of a conversation: every change under its `seq`, without gaps. */
import { type SQL, sql } from 'drizzle-orm'
import { REVOKED_PATH } from '../../db/errors'
import { changes, conversations } from '../../db/schema'
import { build, type ResultsOf, type Statement, statement } from '../../db/statements'
import type { ConversationEvent, Outcome } from '../shared/changes'

/** The statements of a change, and the function that derives its outcome from their results. */
export interface ChangeStatements {
  readonly statements: readonly Statement[]
  /** Takes the results of `statements`, in their order. */
  readonly outcome: (results: readonly unknown[]) => Outcome
}

const NOTHING: Outcome = { event: undefined, message: undefined, isKeyReused: false, unread: 0 }

/** Combines statements with the function that reads their results. */
export const withOutcome = <S extends readonly Statement[]>(
  statements: readonly [...S],
  outcome: (results: ResultsOf<S>) => Partial<Outcome>,
): ChangeStatements => ({
  statements,
  // The commit queue passes each change the results of its own statements, so the types match.
  outcome: (results) => ({ ...NOTHING, ...outcome(results as ResultsOf<S>) }),
})

/** The columns of an event that the log stores. */
export const EVENT = {
  seq: changes.seq,
  kind: changes.kind,
  userId: changes.userId,
  messageId: changes.messageId,
  upTo: changes.upTo,
}

interface Entry {
  kind: ConversationEvent['kind']
  change: { id: string; userId: number }
  messageId?: SQL
  upTo?: SQL
}

/**
 * The statement that writes an entry under the next `seq` of the conversation that matches the condition. The change is made if an entry
 * is returned: the statements after it have the same condition. If the change was revoked, the batch fails with `Revoked`.
 */
export const logStatement = (
  { kind, change: { id, userId }, messageId = sql`null`, upTo = sql`null` }: Entry,
  condition: SQL | undefined,
) =>
  statement(
    build
      .insert(changes)
      .select(
        build
          .select({
            conversationId: conversations.id,
            seq: nextSeq.as('seq'),
            kind: sql<Entry['kind']>`case when instr(${conversations.revokedChanges}, ${id}) = 0 then ${kind}
              else json_extract('{}', ${sql.raw(`'${REVOKED_PATH}'`)}) end`.as('kind'),
            userId: sql<number>`${userId}`.as('userId'),
            messageId: messageId.as('messageId'),
            upTo: upTo.as('upTo'),
            changeId: sql<string>`${id}`.as('changeId'),
          })
          .from(conversations)
          .where(condition),
      )
      .returning(EVENT),
  )

/** The `seq` of the change that is being made. */
export const nextSeq = sql<number>`${conversations.seq} + 1`
