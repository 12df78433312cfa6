/** Settles changes whose answer was lost. */
import { and, eq, gt, sql } from 'drizzle-orm'
import type { Db } from '../../db/client'
import { ForeignKeyViolation } from '../../db/errors'
import { rememberedStatement } from '../../db/idempotency'
import { changes, conversations } from '../../db/schema'
import { build, statement } from '../../db/statements'
import type { ConversationEvent, Outcome, TrackedChange } from '../shared/changes'
import { ensureConversationStatement, ofPair } from '../shared/conversation-row'
import { c, givenText, m, messageJson, parseMessage } from '../shared/message-row'
import { type Pair, sideOf } from '../shared/pair'
import { EVENT } from './change-log'
import { SIDES } from './sides'

/** How far back the log is searched. The search precedes any other commit, so these changes are the newest. */
const RECENT_ENTRIES = 1_000
/** How much of the revoked ids is kept: those of the last few hundred changes. */
const REVOKED_CHARACTERS = 4_000

/** A change whose answer was lost, and the ids under which it may be in the log. */
interface LostChange {
  change: TrackedChange
  ids: readonly string[]
}

/**
 * The outcomes of the changes that are in the log, by the changes' ids. The others are revoked in the same transaction: a batch that still carries
 * them fails when it arrives, so they may be made again under new ids. So are `forgotten` ids, whose changes are no longer known and whose outcomes
 * nobody awaits. One call; reads up to `RECENT_ENTRIES` rows.
 */
export async function settleChanges(
  db: Db,
  pair: Pair,
  lost: readonly LostChange[],
  forgotten: readonly string[],
): Promise<Map<string, Outcome>> {
  const ids = JSON.stringify([...lost.flatMap(({ ids }) => ids), ...forgotten])
  const keyed = lost.flatMap(({ change }) =>
    change.type === 'send' && change.key ? { id: change.id, key: change.key } : [],
  )
  const sent = await db
    .batch([
      ...keyed.map(({ key }) => rememberedStatement(key)),
      entriesStatement(pair, ids),
      statement(
        build.select({ a: SIDES.a.unread, b: SIDES.b.unread }).from(conversations).where(ofPair(pair)),
      ),
      // The first message of a conversation has no row yet in which its id could be revoked.
      ...(forgotten.length > 0 || lost.some(({ change }) => change.type === 'send')
        ? [ensureConversationStatement(pair)]
        : []),
      revokeStatement(pair, ids),
    ])
    .catch((error: unknown) => {
      // One of the two users does not exist, so none of these changes was committed, nor can be.
      if (error instanceof ForeignKeyViolation) return undefined
      throw error
    })
  if (!sent) return new Map()
  // The tuple begins with a list, which TypeScript cannot destructure.
  const results = sent as unknown[]
  const answers = new Map(
    keyed.map(({ id }, i) => [id, (results[i] as { answer: string }[] | undefined)?.[0]?.answer]),
  )
  const entries = (results[keyed.length] ?? []) as Entry[]
  const [unread] = (results[keyed.length + 1] ?? []) as { a: number; b: number }[]
  const byId = new Map(lost.flatMap(({ change, ids }) => ids.map((id) => [id, change] as const)))
  return new Map(
    entries.flatMap(({ changeId, message: now, ...entry }): [string, Outcome][] => {
      const change = changeId === null ? undefined : byId.get(changeId)
      if (!change) return []
      // The stored answer is the message as sent, without its text. For the other changes only the current message is available.
      const sent = change.type === 'send' ? answers.get(change.id) : undefined
      const json = sent ?? now
      const given = change.type === 'send' && sent !== undefined ? givenText(change.content) : {}
      const message = json === null ? undefined : { ...parseMessage(json), ...given }
      const event: ConversationEvent = message ? { ...entry, message } : entry
      return [
        [
          change.id,
          {
            event,
            message,
            isKeyReused: false,
            unread: (change.type === 'read' && unread?.[sideOf(pair, change.userId)]) || 0,
          },
        ],
      ]
    }),
  )
}

type Entry = ReturnType<typeof entriesStatement>['result'][number]

/** The condition for entries that may belong to a lost change. */
const isRecent = (conversation: typeof c | typeof conversations) =>
  and(
    eq(changes.conversationId, conversation.id),
    gt(changes.seq, sql`${conversation.seq} - ${RECENT_ENTRIES}`),
  )

const entriesStatement = (pair: Pair, ids: string) =>
  statement(
    build
      .select({
        ...EVENT,
        changeId: changes.changeId,
        message: messageJson(
          sql`${m.id} = ${changes.messageId} and ${changes.kind} in ('message', 'edited')`,
        ).as('message'),
      })
      .from(c)
      .innerJoin(changes, isRecent(c))
      .where(and(ofPair(pair, c), sql`${changes.changeId} in (select value from json_each(${ids}))`)),
  )

/** The statement that records as revoked those ids that are not in the log. */
const revokeStatement = (pair: Pair, ids: string) =>
  statement(
    build
      .update(conversations)
      .set({
        revokedChanges: sql`substr(coalesce((select group_concat(value, ' ') from json_each(${ids})
          where value not in (select ${changes.changeId} from changes where ${isRecent(conversations)}
            and ${changes.changeId} is not null)), '') || ' ' || ${conversations.revokedChanges}, 1, ${REVOKED_CHARACTERS})`,
      })
      .where(ofPair(pair)),
  )
