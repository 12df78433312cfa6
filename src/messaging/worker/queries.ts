/** Reads conversations. Only their objects write them (`object/change-statements.ts`). */
import { and, eq, or, type SQL, sql } from 'drizzle-orm'
import { alias } from 'drizzle-orm/sqlite-core'
import type { Db } from '../../db/client'
import { type RowOf, selectList } from '../../db/columns'
import { inListOrder, ListOrder, oldestFirst } from '../../db/list-order'
import { limits, type PageRequest, type PageSlice, withinBytes } from '../../db/page'
import { conversations, type ImageHash, listeners, users } from '../../db/schema'
import { build, selectedStatement, selectStatement, statement } from '../../db/statements'
import { DELETED_USER, isShown, notBlocked, notMuted } from '../../db/visibility'
import { ofPair } from '../shared/conversation-row'
import { c, fromConversation, fromMessage, isLeft, MESSAGE, type MessageRow, m } from '../shared/message-row'
import { pairOf } from '../shared/pair'

const other = alias(users, 'other')

/** A conversation as one user sees it: `id`, `username` and `image` are the other user's; `m` is the newest message. */
const CONVERSATION = selectList({
  id: other.id,
  username: sql<string>`iif(${isShown(other.id)}, ${other.username}, ${sql.raw(`'${DELETED_USER}'`)})`,
  image: sql<ImageHash | null>`iif(${isShown(other.id)}, ${other.image}, null)`,
  lastContent: m.content,
  lastAt: m.createdAt,
  unread: sql<number>`newest.unread`,
  seq: sql<number>`newest.seq`,
  lastId: sql<number>`newest.last_id`,
})
export type ConversationRow = RowOf<typeof CONVERSATION>

export const NEWEST_CONVERSATIONS = new ListOrder<ConversationRow>('conversations', [
  { column: sql`"lastId"`, descending: true, of: ({ lastId }) => lastId },
])

/**
 * The user's conversations that have messages, newest first. Reads a row for each conversation of the user, and three for each shown; with a search
 * one more for each considered. Messages from muted users do not count as unread. There is no index by newest message, because it would cost two
 * more rows per message.
 */
export async function listConversations(
  db: Db,
  userId: number,
  nameContains: string,
  { limit, after }: Pick<PageRequest, 'limit' | 'after'>,
): Promise<ConversationRow[]> {
  const seen = (mine: SQL, theirs: SQL, unread: SQL) => {
    const behind = after ? sql`and c.last_message_id < ${after[0]}` : sql``
    const named = nameContains
      ? sql`and instr((select search_key from users where id = ${theirs} and ${isShown(sql`users.id`)}), ${nameContains}) > 0`
      : sql``
    return sql`select c.last_message_id, c.seq, iif(${notMuted(theirs, userId)}, ${unread}, 0), ${theirs} from conversations c
      where ${mine} = ${userId} and c.last_message_id is not null and ${notBlocked(theirs, userId)} ${behind} ${named}`
  }
  // `recursive`, although nothing recurs, for its queue: it yields the largest first and, unlike sorting, reads no row twice.
  const [rows] = await db.batch([
    selectedStatement(
      CONVERSATION,
      sql`with recursive newest(last_id, seq, unread, other_id) as (
          ${seen(sql`c.user_a`, sql`c.user_b`, sql`c.unread_a`)} union all
          ${seen(sql`c.user_b`, sql`c.user_a`, sql`c.unread_b`)} union all
          select 0, 0, 0, 0 from newest where false order by 1 desc limit ${limit})
        select ${CONVERSATION.sql} from newest cross join users other on ${other.id} = newest.other_id
          cross join messages m on ${m.id} = newest.last_id`,
    ),
  ])
  return rows
}

export const OLDEST_MESSAGES = oldestFirst<MessageRow>('messages', m.id)

/**
 * The messages between the two, oldest first; with `olderThan`, only those before the message with this id. Reads three rows for each message shown,
 * one for each skipped, and 9 more.
 */
export async function listThread(
  db: Db,
  userId: number,
  otherId: number,
  page: PageRequest & { olderThan?: number | undefined },
): Promise<PageSlice<MessageRow>> {
  const pair = pairOf(userId, otherId)
  const order = OLDEST_MESSAGES.towards(page)
  const { after, olderThan } = page
  const isThere = notBlocked(sql`${otherId}`, userId)
  const where = and(
    ofPair(pair, c),
    isThere,
    after && order.after(after),
    olderThan === undefined ? undefined : sql`${m.id} < ${olderThan}`,
  )
  const kept = sql<number>`coalesce((select ${conversations.messagesCount} from conversations where ${ofPair(pair)} and ${isThere}), 0)`
  const [rows, [counted]] = await db.batch([
    selectedStatement(
      MESSAGE,
      withinBytes(
        sql`select ${MESSAGE.sql} ${fromConversation} where ${where} ${order.orderBy()} ${limits(page, kept)}`,
        { rows: page.limit, contentBytes: 40_000 },
      ),
    ),
    selectStatement({ count: kept }, sql``),
  ])
  return { rows: inListOrder(rows, page), count: counted?.count ?? 0 }
}

/** The message and its sender. Reads 5 rows. */
export async function findMessage(
  db: Db,
  viewerId: number,
  id: number,
): Promise<(MessageRow & { ownerId: number }) | undefined> {
  const isThere = sql`${notBlocked(c.userA, viewerId)} and ${notBlocked(c.userB, viewerId)}`
  const [rows] = await db.batch([
    selectStatement(MESSAGE, sql`${fromMessage} where ${m.id} = ${id} and ${isThere}`),
  ])
  return rows[0] && { ...rows[0], ownerId: rows[0].senderId }
}

/** The hash of the message's image if the user is one of its two users, else undefined. Reads 2 rows. */
export async function findMessageImage(db: Db, userId: number, id: number): Promise<string | undefined> {
  const [[message]] = await db.batch([
    selectStatement(
      { image: m.image },
      sql`from messages m cross join conversations c on ${c.id} = ${m.conversationId}
        where ${m.id} = ${id} and ${isLeft} and ${userId} in (${c.userA}, ${c.userB})
          and ${notBlocked(c.userA, userId)} and ${notBlocked(c.userB, userId)}`,
    ),
  ])
  return message?.image ?? undefined
}

/** Whether the user may listen to the other. A deleted account keeps its conversations until its erasure, so it counts. Reads 2 rows. */
export async function mayListenTo(db: Db, userId: number, otherId: number): Promise<boolean> {
  const [rows] = await db.batch([
    statement(
      build
        .select({ id: users.id })
        .from(users)
        .where(
          and(
            eq(users.id, otherId),
            notBlocked(users.id, userId),
            or(
              isShown(users.id),
              sql`exists (select 1 from conversations where ${ofPair(pairOf(userId, otherId))})`,
            ),
          ),
        ),
    ),
  ])
  return rows.length > 0
}

/** The users in whose conversations the user has sockets. Reads a row for each; there are few (`object/listener-statements.ts`). */
export async function listHeard(db: Db, userId: number): Promise<number[]> {
  const [rows] = await db.batch([
    statement(build.select({ id: listeners.otherId }).from(listeners).where(eq(listeners.userId, userId))),
  ])
  return rows.map(({ id }) => id)
}
