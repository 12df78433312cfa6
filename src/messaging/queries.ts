/** What the API reads of conversations. Writing is the object's (`changes.ts`). */
import { type SQL, sql } from 'drizzle-orm'
import type { Db } from '../db/client'
import type { Listed, Window } from '../db/window'
import { ensureConversation } from './changes'
import { fromConversation, fromMessage, type MessageRow, ofPair, pairOf, selectedMessage } from './rows'

/** A conversation as one of the two sees it: `id`, `username` and `image` are the other's. */
export interface ConversationRow {
  id: number
  username: string
  image: string | null
  lastContent: string
  lastAt: number
  unread: number
  seq: number
}

/** The user's conversations that have messages, newest first. Reads 4 rows for each and 1 more. */
export async function listConversations(
  db: Db,
  userId: number,
  nameContains: string,
): Promise<ConversationRow[]> {
  const side = (mine: SQL, other: SQL) => sql`
    select u.id, u.username, u.image, m.content as "lastContent", m.created_at as "lastAt", c.unread_${mine} as unread,
      c.seq, m.id as "lastId"
    from conversations c cross join users u on u.id = c.user_${other} cross join messages m on m.id = c.last_message_id
    where c.user_${mine} = ${userId} and instr(u.username_key, ${nameContains}) > 0`
  const [rows] = await db.batch([
    db.rows<ConversationRow>(
      sql`${side(sql`a`, sql`b`)} union all ${side(sql`b`, sql`a`)} order by "lastId" desc`,
    ),
  ])
  return rows
}

/**
 * The messages between the two, oldest first; `before` and `beyond` are ids of messages between which they lie. With `newestFirst`
 * those at the end are taken, and come the other way round. Reads a row for each message and 7 more.
 */
export async function listThread(
  db: Db,
  userId: number,
  otherId: number,
  { limit, offset, after }: Window,
  { before, newestFirst = false }: { before?: number | undefined; newestFirst?: boolean } = {},
): Promise<Listed<MessageRow>> {
  const pair = pairOf(userId, otherId)
  const beyond = after?.[0] === undefined ? sql`` : sql`and m.id > ${after[0]}`
  const below = before === undefined ? sql`` : sql`and m.id < ${before}`
  const direction = newestFirst ? sql`desc` : sql`asc`
  const [rows, counts] = await db.batch([
    db.rows<MessageRow>(sql`select ${selectedMessage} ${fromConversation}
      where ${ofPair(pair)} ${beyond} ${below} order by m.id ${direction} limit ${limit} offset ${offset}`),
    db.rows<{ count: number }>(
      sql`select messages_count as count from conversations c where ${ofPair(pair)}`,
    ),
  ])
  return { rows, count: counts[0]?.count ?? 0 }
}

/** Reads 5 rows. */
export async function findMessage(db: Db, id: number): Promise<MessageRow | undefined> {
  const [rows] = await db.batch([
    db.rows<MessageRow>(sql`select ${selectedMessage} ${fromMessage} where m.id = ${id}`),
  ])
  return rows[0]
}

/**
 * Makes sure that there is a conversation to listen to, and says whether the session (if the token names one) has not ended. Throws
 * `ForeignKeyViolation` where there is no such user. Reads 4 rows; writes only the first time.
 */
export async function openConversation(
  db: Db,
  userId: number,
  otherId: number,
  session: string | undefined,
  now: number,
): Promise<boolean> {
  const [, live] = await db.batch([
    ensureConversation(db, pairOf(userId, otherId)),
    // A session's name is the beginning of its key (auth/sessions.ts).
    db.rows<{
      live: number
    }>(sql`select 1 as live from sessions where user_id = ${userId} and revoked_at is null
      and expires_at > ${now} and jti_hash >= ${session ?? ''} and jti_hash < ${`${session ?? ''}g`} limit 1`),
  ])
  return session === undefined || live.length > 0
}

/** With whom the user has a conversation: where their sockets may be. */
export async function listPartners(db: Db, userId: number): Promise<number[]> {
  const [rows] = await db.batch([
    db.rows<{ id: number }>(sql`select user_b as id from conversations where user_a = ${userId}
      union all select user_a as id from conversations where user_b = ${userId}`),
  ])
  return rows.map(({ id }) => id)
}
