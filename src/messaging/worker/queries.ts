/** What the API reads of conversations. Only their objects write them (`object/change-statements.ts`). */
import { and, eq, gt, isNull, type SQL, sql } from 'drizzle-orm'
import { alias } from 'drizzle-orm/sqlite-core'
import type { Db } from '../../db/client'
import { type RowOf, selectList } from '../../db/columns'
import { type ListOrder, newestFirst, oldestFirst } from '../../db/list-order'
import type { PageRequest, PageSlice } from '../../db/page'
import { chargeStatement, charges } from '../../db/rate-limits'
import { conversations, sessions, users } from '../../db/schema'
import { sessionNamed } from '../../db/session-names'
import { build, selectedStatement, selectStatement, statement, writeStatement } from '../../db/statements'
import type { Limits } from '../../limits/limits'
import { ofPair } from '../shared/conversation-row'
import type { Listener } from '../shared/listener'
import { c, fromConversation, fromMessage, MESSAGE, type MessageRow, m } from '../shared/message-row'
import { pairOf } from '../shared/pair'

const other = alias(users, 'other')

/** A conversation as one of the two sees it: `id`, `username` and `image` are the other's; `m` is the newest message. */
const conversationSeenBy = <Unread extends typeof c.unreadA | typeof c.unreadB>(unread: Unread) =>
  selectList({
    id: other.id,
    username: other.username,
    image: other.image,
    lastContent: m.content,
    lastAt: m.createdAt,
    unread,
    seq: c.seq,
    lastId: m.id,
  })
const SEEN_BY_A = conversationSeenBy(c.unreadA)
const SEEN_BY_B = conversationSeenBy(c.unreadB)
export type ConversationRow = RowOf<typeof SEEN_BY_A>

/** The user's conversations that have messages, newest first. Reads 4 rows for each and 1 more. */
export async function listConversations(
  db: Db,
  userId: number,
  nameContains: string,
): Promise<ConversationRow[]> {
  const select = (list: { sql: SQL }, mine: SQL, theirs: SQL) => sql`
    select ${list.sql} from conversations c cross join users other on ${other.id} = ${theirs}
      cross join messages m on ${m.id} = ${c.lastMessageId}
    where ${mine} = ${userId} and instr(${other.usernameKey}, ${nameContains}) > 0`
  const [rows] = await db.batch([
    selectedStatement(
      SEEN_BY_A,
      sql`${select(SEEN_BY_A, sql`${c.userA}`, sql`${c.userB}`)} union all
        ${select(SEEN_BY_B, sql`${c.userB}`, sql`${c.userA}`)} order by "lastId" desc`,
    ),
  ])
  return rows
}

export const OLDEST_MESSAGES = oldestFirst<MessageRow>('messages', m.id)
export const NEWEST_MESSAGES = newestFirst<MessageRow>('messages', m.id)

/** Which part of a thread, and in which order. */
export interface ThreadPart extends PageRequest {
  order: ListOrder<MessageRow>
  /** Only messages older than the one of this id. */
  olderThan?: number | undefined
}

/** The messages between the two. Reads a row for each message and 7 more. */
export async function listThread(
  db: Db,
  userId: number,
  otherId: number,
  { order, olderThan, limit, offset, after }: ThreadPart,
): Promise<PageSlice<MessageRow>> {
  const pair = pairOf(userId, otherId)
  const where = and(
    ofPair(pair, c),
    after && order.after(after),
    olderThan === undefined ? undefined : NEWEST_MESSAGES.after([olderThan]),
  )
  const [rows, [conversation]] = await db.batch([
    selectStatement(
      MESSAGE,
      sql`${fromConversation} where ${where} ${order.orderBy()} limit ${limit} offset ${offset}`,
    ),
    statement(build.select({ count: conversations.messagesCount }).from(conversations).where(ofPair(pair))),
  ])
  return { rows, count: conversation?.count ?? 0 }
}

/** The message, and whose it is. Reads 5 rows. */
export async function findMessage(
  db: Db,
  id: number,
): Promise<(MessageRow & { ownerId: number }) | undefined> {
  const [rows] = await db.batch([selectStatement(MESSAGE, sql`${fromMessage} where ${m.id} = ${id}`)])
  return rows[0] && { ...rows[0], ownerId: rows[0].senderId }
}

/**
 * Whether there is somebody to listen to, and whether the session (if the token names one) has not ended. Throws `Throttled`. Reads 4 rows
 * and writes one, the time stamp of the limit; a conversation's row is made by its first message, and until then another time stamp says, for as
 * long as the socket may be open, that there is one (`listPartners`).
 */
export async function openConversation(
  db: Db,
  { userId, session, expiresAt }: Pick<Listener, 'userId' | 'session' | 'expiresAt'>,
  otherId: number,
  limits: Limits,
  now: number,
): Promise<{ isThere: boolean; isLive: boolean }> {
  const [, , found, live] = await db.batch([
    chargeStatement(
      charges(limits, 'sockets', userId),
      now,
      sql`exists (select 1 from users where id = ${otherId})`,
    ),
    listeningStatement(userId, otherId, expiresAt),
    statement(build.select({ id: users.id }).from(users).where(eq(users.id, otherId))),
    statement(
      build
        .select({ userId: sessions.userId })
        .from(sessions)
        .where(
          and(
            sessionNamed(session ?? ''),
            eq(sessions.userId, userId),
            isNull(sessions.revokedAt),
            gt(sessions.expiresAt, now),
          ),
        )
        .limit(1),
    ),
  ])
  return { isThere: found.length > 0, isLive: session === undefined || live.length > 0 }
}

const listeningKey = (userId: number, otherId: number | '') => `listening:${userId}:${otherId}`

/** The statement that remembers where a socket may be open until then, if no conversation tells. */
const listeningStatement = (userId: number, otherId: number, expiresAt: number) =>
  writeStatement(sql`insert into rate_limits (key, at) select ${listeningKey(userId, otherId)}, ${expiresAt} from users
    where id = ${otherId} and not exists (select 1 from conversations where ${ofPair(pairOf(userId, otherId))})
    on conflict (key) do update set at = max(at, excluded.at)`)

/** With whom the user has a conversation, or listens for one: where their sockets may be. */
export async function listPartners(db: Db, userId: number): Promise<number[]> {
  const { userA, userB } = conversations
  const prefix = listeningKey(userId, '')
  const [listening, withLarger, withSmaller] = await db.batch([
    selectStatement(
      { id: sql<number>`cast(substr(key, ${prefix.length + 1}) as integer)` },
      // `;` sorts right after `:`.
      sql`from rate_limits where key > ${prefix} and key < ${`listening:${userId};`}`,
    ),
    statement(build.select({ id: userB }).from(conversations).where(eq(userA, userId))),
    statement(build.select({ id: userA }).from(conversations).where(eq(userB, userId))),
  ])
  return [...listening, ...withLarger, ...withSmaller].map(({ id }) => id)
}
