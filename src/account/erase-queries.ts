/**
 * Erases an account in pieces. Each piece is one transaction that deletes at most `PIECE_ROWS` rows. After it every stored count is correct, and the
 * next piece needs no stored state. The user's row stays, emptied: it reserves the name for a year, and conversations reference it.
 */
import { and, eq, isNull, lte, type SQL, sql } from 'drizzle-orm'
import type { SQLiteColumn, SQLiteTable } from 'drizzle-orm/sqlite-core'
import type { Db } from '../db/client'
import { type MarkedImage, markUnreferencedStatement } from '../db/image-leases'
import {
  accountExports,
  appeals,
  blocks,
  comments,
  deletedAccounts,
  emailKeys,
  followers,
  followRequests,
  hiddenMessages,
  idempotencyKeys,
  likes,
  listeners,
  messagePolicies,
  mutes,
  NEVER,
  notificationSettings,
  notifications,
  passwordResets,
  privateAccounts,
  reports,
  sessions,
  users,
} from '../db/schema'
import { build, type Statement, selectedStatement, statement, writeStatement } from '../db/statements'

/** Each deleted row writes half a dozen more in indexes and counts, and a statement should write 2,000 at most. */
export const PIECE_ROWS = 240
/** One piece of a user's posts: how many likes and comments on them it deletes, and how many posts it considers. */
const POSTS = { likes: 150, comments: 50, posts: 40 }
/** For how long the name stays reserved after the account was erased. */
const NAME_HELD_MS = 365 * 86_400_000
const ACCOUNTS = 10
const CONVERSATIONS = 50

/** The accounts that are due, longest overdue first. Reads two rows for each. */
export async function findAccountsToErase(db: Db, now: number) {
  const [accounts] = await db.batch([
    statement(
      build
        .select({ userId: deletedAccounts.userId, erasingSince: deletedAccounts.erasingSince })
        .from(deletedAccounts)
        .where(lte(deletedAccounts.eraseAt, now))
        .orderBy(deletedAccounts.eraseAt)
        .limit(ACCOUNTS),
    ),
  ])
  return accounts
}

/**
 * Begins erasing, after which the account cannot be restored. Removes everything that identifies the user, except the reserved name, and everything
 * that gives access.
 */
export async function beginErasing(db: Db, userId: number, now: number): Promise<MarkedImage[]> {
  const isBegun = sql`exists (select 1 from deleted_accounts where user_id = ${userId} and erasing_since is not null)`
  const few = [
    ...[sessions, passwordResets, emailKeys, accountExports],
    ...[notificationSettings, privateAccounts, messagePolicies],
  ]
  const [, , marked] = await db.batch([
    statement(
      build
        .update(deletedAccounts)
        .set({ erasingSince: now })
        .where(
          and(
            eq(deletedAccounts.userId, userId),
            lte(deletedAccounts.eraseAt, now),
            isNull(deletedAccounts.erasingSince),
          ),
        ),
    ),
    statement(
      build
        .update(users)
        .set({
          username: '',
          searchKey: '',
          email: '',
          emailKey: null,
          emailVerifiedAt: null,
          firstName: '',
          lastName: '',
          passwordHash: '',
          isActive: false,
          role: null,
          profileName: '',
          profileContent: '',
          image: null,
          imageWidth: null,
          imageHeight: null,
          imageThumbhash: null,
        })
        .where(and(eq(users.id, userId), isBegun)),
    ),
    markUnreferencedStatement(),
    ...few.map((table) => statement(build.delete(table).where(and(eq(table.userId, userId), isBegun)))),
  ])
  return marked
}

/** Deletes up to `limit` of the user's rows in a table. */
const rowsOf = (
  table: SQLiteTable,
  id: SQLiteColumn,
  owner: SQLiteColumn,
  userId: number,
  limit = PIECE_ROWS,
) =>
  statement(
    build
      .delete(table)
      .where(sql`${id} in (select ${id} from ${table} where ${owner} = ${userId} limit ${limit})`)
      .returning({ id }),
  )

/** What an account has, one entry per kind. The statements return a row for each deleted row, and none once all are gone. */
const KINDS: readonly ((userId: number) => Statement<unknown[]>[])[] = [
  (userId) => {
    // The oldest posts. Their likes and comments are deleted first, however many there are.
    const oldest = sql`(select id from posts where owner_id = ${userId} order by id limit ${POSTS.posts})`
    const on = (table: SQL, limit: number) =>
      deleting(sql`${table} where id in
        (select r.id from ${oldest} p cross join ${table} r on r.post_id = p.id limit ${limit})`)
    return [
      on(sql`likes`, POSTS.likes),
      on(sql`comments`, POSTS.comments),
      deleting(sql`posts where id in ${oldest} and not exists (select 1 from likes where post_id = posts.id)
        and not exists (select 1 from comments where post_id = posts.id)`),
    ]
  },
  (userId) => [rowsOf(comments, comments.id, comments.ownerId, userId)],
  (userId) => [rowsOf(likes, likes.id, likes.ownerId, userId)],
  (userId) => [rowsOf(followers, followers.id, followers.ownerId, userId)],
  (userId) => [rowsOf(followers, followers.id, followers.followedId, userId)],
  (userId) => [
    rowsOf(blocks, blocks.id, blocks.ownerId, userId, PIECE_ROWS / 4),
    rowsOf(blocks, blocks.id, blocks.blockedId, userId, PIECE_ROWS / 4),
    rowsOf(mutes, mutes.id, mutes.ownerId, userId, PIECE_ROWS / 4),
    rowsOf(mutes, mutes.id, mutes.mutedId, userId, PIECE_ROWS / 4),
  ],
  (userId) => [
    rowsOf(followRequests, followRequests.id, followRequests.ownerId, userId, PIECE_ROWS / 2),
    rowsOf(followRequests, followRequests.id, followRequests.followedId, userId, PIECE_ROWS / 2),
  ],
  (userId) => [
    rowsOf(hiddenMessages, hiddenMessages.messageId, hiddenMessages.senderId, userId, PIECE_ROWS / 4),
    rowsOf(reports, reports.id, reports.reporterId, userId, PIECE_ROWS / 4),
    deleting(
      sql`${appeals} where action_id in (select l.id from moderation_actions l cross join appeals ap on ap.action_id = l.id
        where l.user_id = ${userId} and l.is_notice = 1 limit ${PIECE_ROWS / 2})`,
      sql`1`,
    ),
  ],
  (userId) => [
    deleting(
      sql`${notifications} where recipient_id = ${userId} and seq in
      (select seq from ${notifications} where recipient_id = ${userId} limit ${PIECE_ROWS})`,
      sql`1`,
    ),
  ],
  (userId) => [
    deleting(
      sql`${idempotencyKeys} where user_id = ${userId} and (route, key) in
      (select route, key from ${idempotencyKeys} where user_id = ${userId} limit ${PIECE_ROWS})`,
      sql`1`,
    ),
  ],
]

const deleting = (rows: SQL, returning = sql`id`): Statement<unknown[]> =>
  writeStatement(sql`delete from ${rows} returning ${returning}`)

export const ERASED_KINDS = KINDS.length

/** Erases a piece of one kind; `isGone` if nothing of that kind was left. */
export async function erasePiece(db: Db, userId: number, kind: number) {
  const deletions = KINDS[kind]?.(userId) ?? []
  const [marked, ...deleted] = await db
    .batch([...deletions, markUnreferencedStatement()] as const)
    .then((results) => [results.at(-1) as MarkedImage[], ...(results.slice(0, -1) as unknown[][])] as const)
  return { marked, isGone: deleted.every((rows) => rows.length === 0) }
}

/**
 * The users with whom this user has unfinished conversations, each with the mark to store once that conversation is done. First those with smaller
 * ids, marked by the conversation's id, then those with larger ids, marked by their negated id: the order of the indexes. Reads two rows for each.
 */
export async function conversationsToErase(db: Db, userId: number) {
  const doneTo = sql`(select conversations_done_to from deleted_accounts where user_id = ${userId})`
  const rows = sql`select * from (select user_a as "otherId", id as mark from conversations
        where user_b = ${userId} and id > iif(${doneTo} < 0, ${NEVER}, ${doneTo}) order by id limit ${CONVERSATIONS})
      union all select * from (select user_b, -user_b from conversations
        where user_a = ${userId} and user_b > max(-${doneTo}, 0) order by user_b limit ${CONVERSATIONS})
      limit ${CONVERSATIONS}`
  const [found] = await db.batch([
    selectedStatement({ otherId: sql<number>`"otherId"`, mark: sql<number>`mark` }, rows),
  ])
  return found
}

/** Records that no message sent by the user is left in this conversation or the ones before it. */
export async function finishConversation(db: Db, userId: number, mark: number): Promise<void> {
  await db.batch([
    statement(
      build
        .update(deletedAccounts)
        .set({ conversationsDoneTo: mark })
        .where(eq(deletedAccounts.userId, userId)),
    ),
  ])
}

/** Finishes erasing: nothing is left, and the year for which the name is reserved begins. */
export async function finishErasing(db: Db, userId: number, now: number): Promise<void> {
  await db.batch([
    statement(build.delete(listeners).where(eq(listeners.userId, userId))),
    statement(
      build
        .update(deletedAccounts)
        .set({ eraseAt: null, nameFreeAt: now + NAME_HELD_MS })
        .where(eq(deletedAccounts.userId, userId)),
    ),
  ])
}

/** Frees the names whose year is over. The colon makes sure that the replacement is nobody's name. */
export async function freeNames(db: Db, now: number): Promise<void> {
  const free = sql`(select user_id from deleted_accounts where name_free_at <= ${now} order by name_free_at limit ${PIECE_ROWS})`
  await db.batch([
    writeStatement(
      sql`update users set username_key = ':' || id, username_skeleton = null where id in ${free}`,
    ),
    writeStatement(sql`update deleted_accounts set name_free_at = null where user_id in ${free}`),
  ])
}
