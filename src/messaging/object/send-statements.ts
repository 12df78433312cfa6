/** Sends a message, in SQL. */
import { and, type SQL, sql } from 'drizzle-orm'
import { isUnused, rememberedStatement, rememberRowStatement } from '../../db/idempotency'
import { describedImage, withLease } from '../../db/image-leases'
import { chargeStatement, charges, rateLimitKey } from '../../db/rate-limits'
import { changes, conversations, type ImageHash, messages } from '../../db/schema'
import { nextId } from '../../db/sequences'
import { build, selectStatement, statement } from '../../db/statements'
import type { Limits } from '../../limits/limits'
import type { ChangeOf } from '../shared/changes'
import { ofPair } from '../shared/conversation-row'
import { fromMessage, givenText, MESSAGE, m, parseMessage } from '../shared/message-row'
import { otherSide, type Pair, sideOf } from '../shared/pair'
import { type ChangeStatements, logStatement, nextSeq, withOutcome } from './change-log'
import { SIDES } from './sides'

/** Whether a message's entry was written but not yet counted, as is the case between the first statement and the third. */
const isNextEntry: SQL = sql`${changes.conversationId} = ${conversations.id} and ${changes.seq} = ${nextSeq}`

/** How many messages at either end of a thread are searched for one by the other user. */
const LOOKED_AT = 50

/** The statements of a send. With a used key they write nothing, and find the stored answer. */
export function sendStatements(
  pair: Pair,
  change: ChangeOf<'send'>,
  now: number,
  limits: Limits,
): ChangeStatements {
  const { userId, content, image, key } = change
  const isNew = key && isUnused(key)
  const given = givenText(content)
  const writing = (hash: ImageHash | null | undefined) =>
    [
      limitStatement(pair, change, now, limits),
      logStatement({ kind: 'message', change, messageId: nextId('messages') }, and(ofPair(pair), isNew)),
      insertStatement(pair, { change, hash, now }),
      countStatement(pair, userId),
    ] as const
  const found = sql`${fromMessage} where ${m.id} = (
    select ${conversations.lastMessageId} from conversations where ${ofPair(pair)})`
  if (!key) {
    return withOutcome(
      withLease(image, (hash) => [...writing(hash), selectStatement(MESSAGE, found)]),
      ([, [entry], , , [message]]) => ({ event: entry && message && { ...entry, message }, message }),
    )
  }
  return withOutcome(
    withLease(image, (hash) => [
      ...writing(hash),
      rememberRowStatement(key, MESSAGE.columns, given, sql`${found} and ${isNew}`, now),
      rememberedStatement(key),
    ]),
    ([, [entry], , , , [remembered]]) => {
      const message = remembered && { ...parseMessage(remembered.answer), ...given }
      return {
        event: entry && message && { ...entry, message },
        message,
        isKeyReused: remembered !== undefined && remembered.requestHash !== key.requestHash,
      }
    },
  )
}

/**
 * Counts a message against a limit, unless its key was used. A separate, lower limit applies to users who have never written back. Reads 2
 * rows, and as many messages as it takes to find one of theirs, at most 100; writes 1.
 */
function limitStatement(pair: Pair, { userId, key }: ChangeOf<'send'>, now: number, limits: Limits) {
  const end = (order: SQL) => sql`exists (select 1 from (select sender_id from messages
    where conversation_id = (select id from conversations where ${ofPair(pair)})
      and id > (select cleared_to from conversations where ${ofPair(pair)}) order by ${order} limit ${LOOKED_AT})
    where sender_id <> ${userId})`
  const hasAnswered = sql`(${end(sql`id`)} or ${end(sql`id desc`)})`
  const counted = sql`l.value ->> 0 = case when ${hasAnswered} then ${rateLimitKey('messages', userId)}
    else ${rateLimitKey('stranger_messages', userId)} end`
  return chargeStatement(
    [...charges(limits, 'messages', userId), ...charges(limits, 'stranger_messages', userId)],
    now,
    key ? sql`${counted} and ${isUnused(key)}` : counted,
  )
}

interface NewMessage {
  change: ChangeOf<'send'>
  hash: ImageHash | null | undefined
  now: number
}

function insertStatement(pair: Pair, { change, hash = null, now }: NewMessage) {
  const { userId, content, image, imageThumbhash } = change
  const described = describedImage(image ?? null, imageThumbhash)
  return statement(
    build.insert(messages).select(
      build
        .select({
          id: sql<number>`${changes.messageId}`.as('id'),
          conversationId: changes.conversationId,
          senderId: sql<number>`${userId}`.as('senderId'),
          content: sql<string>`${content}`.as('content'),
          image: sql<ImageHash | null>`${hash}`.as('image'),
          imageWidth: sql<number | null>`${described.imageWidth}`.as('imageWidth'),
          imageHeight: sql<number | null>`${described.imageHeight}`.as('imageHeight'),
          imageThumbhash: sql<string | null>`${described.imageThumbhash}`.as('imageThumbhash'),
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
}

/** Updates what the conversation stores about its messages. */
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
