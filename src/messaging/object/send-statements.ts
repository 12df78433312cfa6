/** Sending a message, in SQL. */
import { and, type SQL, sql } from 'drizzle-orm'
import { isUnused, rememberedStatement, rememberRowStatement } from '../../db/idempotency'
import { withLease } from '../../db/image-leases'
import { changes, conversations, type ImageHash, messages } from '../../db/schema'
import { nextId } from '../../db/sequences'
import { build, selectStatement, statement } from '../../db/statements'
import type { ChangeOf } from '../shared/changes'
import { ofPair } from '../shared/conversation-row'
import { fromMessage, MESSAGE, m, parseMessage } from '../shared/message-row'
import { otherSide, type Pair, sideOf } from '../shared/pair'
import { type ChangeStatements, logStatement, nextSeq, withOutcome } from './change-log'
import { SIDES } from './sides'

/** Where the entry of a message was written, but is not counted yet: between the first statement and the third. */
const isNextEntry: SQL = sql`${changes.conversationId} = ${conversations.id} and ${changes.seq} = ${nextSeq}`

/** The statements of a send. Under a key that was used before, they write nothing and find what was remembered. */
export function sendStatements(pair: Pair, change: ChangeOf<'send'>, now: number): ChangeStatements {
  const { userId, content, image, key } = change
  const isNew = key && isUnused(key)
  const writing = (hash: ImageHash | null | undefined) =>
    [
      logStatement({ kind: 'message', change, messageId: nextId('messages') }, and(ofPair(pair), isNew)),
      insertStatement(pair, { userId, content, hash, now }),
      countStatement(pair, userId),
    ] as const
  const found = sql`${fromMessage} where ${m.id} = (
    select ${conversations.lastMessageId} from conversations where ${ofPair(pair)})`
  if (!key) {
    return withOutcome(
      withLease(image, (hash) => [...writing(hash), selectStatement(MESSAGE, found)]),
      ([[entry], , , [message]]) => ({ event: entry && message && { ...entry, message }, message }),
    )
  }
  return withOutcome(
    withLease(image, (hash) => [
      ...writing(hash),
      rememberRowStatement(key, MESSAGE.columns, sql`${found} and ${isNew}`, now),
      rememberedStatement(key),
    ]),
    ([[entry], , , , [remembered]]) => {
      const message = remembered && parseMessage(remembered.answer)
      return {
        event: entry && message && { ...entry, message },
        message,
        isKeyReused: remembered !== undefined && remembered.requestHash !== key.requestHash,
      }
    },
  )
}

interface NewMessage {
  userId: number
  content: string
  hash: ImageHash | null | undefined
  now: number
}

const insertStatement = (pair: Pair, { userId, content, hash = null, now }: NewMessage) =>
  statement(
    build.insert(messages).select(
      build
        .select({
          id: sql<number>`${changes.messageId}`.as('id'),
          conversationId: changes.conversationId,
          senderId: sql<number>`${userId}`.as('senderId'),
          content: sql<string>`${content}`.as('content'),
          image: sql<ImageHash | null>`${hash}`.as('image'),
          createdAt: sql<number>`${now}`.as('createdAt'),
          editedAt: sql<null>`null`.as('editedAt'),
          seq: changes.seq,
          changedSeq: changes.seq,
        })
        .from(conversations)
        .innerJoin(changes, isNextEntry)
        .where(ofPair(pair)),
    ),
  )

/** What the conversation keeps of its messages. */
function countStatement(pair: Pair, senderId: number) {
  const recipient = SIDES[otherSide(sideOf(pair, senderId))]
  return statement(
    build
      .update(conversations)
      .set({
        seq: nextSeq,
        lastMessageId: sql`${changes.messageId}`,
        messagesCount: sql`${conversations.messagesCount} + 1`,
        ...recipient.set({ unread: sql`${recipient.unread} + 1` }),
      })
      .from(changes)
      .where(and(isNextEntry, ofPair(pair))),
  )
}
