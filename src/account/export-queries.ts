/** All data of a user, in pages: each is one call, ordered by id. */
import { and, asc, eq, gt, type SQL, sql } from 'drizzle-orm'
import { alias } from 'drizzle-orm/sqlite-core'
import type { Db } from '../db/client'
import {
  appeals,
  cases,
  comments,
  conversations,
  followers,
  likes,
  messages,
  moderationActions,
  posts,
  reports,
  sessions,
  users,
} from '../db/schema'
import { build, selectStatement, statement, writeStatement } from '../db/statements'
import { DELETED_USER, isShown } from '../db/visibility'

/** How often an export may begin, and for how long its parts may be requested. */
export const EVERY_MS = 3_600_000
const OPEN_MS = 24 * 3_600_000
const MAX_PARTS = 2_000

/** Records that an export begins; false within an hour of the previous one. */
export async function beginExport(db: Db, userId: number, now: number): Promise<boolean> {
  const [rows] = await db.batch([
    writeStatement(sql`insert into account_exports (user_id, started_at, parts) values (${userId}, ${now}, 1)
      on conflict (user_id) do update set started_at = excluded.started_at, parts = 1 where started_at <= ${now - EVERY_MS} returning 1`),
  ])
  return rows.length > 0
}

/** Records that another part is requested; false if no export is open, or too many parts were requested. */
export async function continueExport(db: Db, userId: number, now: number): Promise<boolean> {
  const [rows] = await db.batch([
    writeStatement(sql`update account_exports set parts = parts + 1
      where user_id = ${userId} and started_at > ${now - OPEN_MS} and parts < ${MAX_PARTS} returning 1`),
  ])
  return rows.length > 0
}

/** Rows per page. Texts may be long, so these keep a page within a few megabytes. */
const ROWS = { posts: 20, texts: 200, others: 1_000 }

export async function exportedAccount(db: Db, userId: number) {
  const [[account], devices] = await db.batch([
    statement(
      build
        .select({
          username: users.username,
          email: users.email,
          firstName: users.firstName,
          lastName: users.lastName,
          createdAt: users.createdAt,
          name: users.profileName,
          content: users.profileContent,
          image: users.image,
          imageWidth: users.imageWidth,
          imageHeight: users.imageHeight,
          imageThumbhash: users.imageThumbhash,
        })
        .from(users)
        .where(eq(users.id, userId)),
    ),
    statement(
      build
        .select({
          userAgent: sessions.userAgent,
          createdAt: sessions.createdAt,
          lastUsedAt: sessions.lastUsedAt,
        })
        .from(sessions)
        .where(eq(sessions.userId, userId)),
    ),
  ])
  return { account, devices }
}

export async function exportedPosts(db: Db, userId: number, after: number) {
  const [rows] = await db.batch([
    statement(
      build
        .select({
          id: posts.id,
          title: posts.title,
          content: posts.content,
          image: posts.image,
          imageFilter: posts.imageFilter,
          imageAlt: posts.imageAlt,
          imageWidth: posts.imageWidth,
          imageHeight: posts.imageHeight,
          imageThumbhash: posts.imageThumbhash,
          createdAt: posts.createdAt,
          updatedAt: posts.updatedAt,
        })
        .from(posts)
        .where(and(eq(posts.ownerId, userId), gt(posts.id, after)))
        .orderBy(asc(posts.id))
        .limit(ROWS.posts),
    ),
  ])
  return { rows, isLast: rows.length < ROWS.posts }
}

const p = alias(posts, 'p')
const o = alias(users, 'o')
/** Identifies a post to another deployment, whose ids differ. */
const POST = { owner: o.username, title: p.title, postedAt: sql<number>`${p.createdAt}` }

export async function exportedComments(db: Db, userId: number, after: number) {
  const [rows] = await db.batch([
    selectStatement(
      {
        ...POST,
        id: comments.id,
        content: comments.content,
        createdAt: comments.createdAt,
        updatedAt: comments.updatedAt,
      },
      sql`from comments cross join posts p on ${p.id} = ${comments.postId} cross join users o on ${o.id} = ${p.ownerId}
        where ${comments.ownerId} = ${userId} and ${comments.id} > ${after} and ${isShown(p.ownerId)} order by ${comments.id} limit ${ROWS.texts}`,
    ),
  ])
  return { rows, isLast: rows.length < ROWS.texts }
}

export async function exportedLikes(db: Db, userId: number, after: number) {
  const [rows] = await db.batch([
    selectStatement(
      { ...POST, id: likes.id, createdAt: likes.createdAt },
      sql`from likes indexed by likes_owner cross join posts p on ${p.id} = ${likes.postId} cross join users o on ${o.id} = ${p.ownerId}
        where ${likes.ownerId} = ${userId} and ${likes.id} > ${after} and ${isShown(p.ownerId)} order by ${likes.id} limit ${ROWS.others}`,
    ),
  ])
  return { rows, isLast: rows.length < ROWS.others }
}

/** The accounts that the user follows, or the user's followers. */
export async function exportedFollows(
  db: Db,
  userId: number,
  after: number,
  which: 'following' | 'followers',
) {
  const [mine, theirs, index] =
    which === 'following'
      ? [followers.ownerId, followers.followedId, sql`followers_owner`]
      : [followers.followedId, followers.ownerId, sql`followers_followed`]
  const [rows] = await db.batch([
    selectStatement(
      { id: followers.id, username: o.username, createdAt: followers.createdAt },
      sql`from followers indexed by ${index} cross join users o on ${o.id} = ${theirs}
        where ${mine} = ${userId} and ${followers.id} > ${after} and ${isShown(theirs)} order by ${followers.id} limit ${ROWS.others}`,
    ),
  ])
  return { rows, isLast: rows.length < ROWS.others }
}

/** The position in the user's messages: the other participant, and the last message that was read. */
export interface MessagePlace {
  otherId: number
  messageId: number
}

/** The next messages with one person, and the id of the next conversation's other participant, in ascending order. Reads 3 rows for each. */
export async function exportedMessages(db: Db, userId: number, { otherId, messageId }: MessagePlace) {
  const [a, b] = [Math.min(userId, otherId), Math.max(userId, otherId)]
  const next = (mine: SQL, theirs: SQL) =>
    sql`select ${theirs} as id from conversations where ${mine} = ${userId} and ${theirs} > ${otherId} order by ${theirs} limit 1`
  const [rows, [following]] = await db.batch([
    selectStatement(
      {
        id: messages.id,
        with: sql<string>`iif(${isShown(o.id)}, ${o.username}, ${DELETED_USER})`,
        senderId: messages.senderId,
        content: messages.content,
        image: messages.image,
        imageWidth: messages.imageWidth,
        imageHeight: messages.imageHeight,
        imageThumbhash: messages.imageThumbhash,
        createdAt: messages.createdAt,
        editedAt: messages.editedAt,
      },
      sql`from conversations cross join users o on ${o.id} = ${otherId}
        cross join messages on ${messages.conversationId} = ${conversations.id}
        where ${conversations.userA} = ${a} and ${conversations.userB} = ${b} and ${messages.id} > max(${messageId}, ${conversations.clearedTo})
        order by ${messages.id} limit ${ROWS.texts}`,
    ),
    selectStatement(
      { id: sql<number | null>`min(id)` },
      sql`from (select id from (${next(sql`user_a`, sql`user_b`)}) union all select id from (${next(sql`user_b`, sql`user_a`)}))`,
    ),
  ])
  return { rows, isLast: rows.length < ROWS.texts, nextOther: following?.id ?? undefined }
}

/** The user's reports. They do not include the text of a reported message, which belongs to its sender. */
export async function exportedReports(db: Db, userId: number, after: number) {
  const [rows] = await db.batch([
    selectStatement(
      {
        id: reports.id,
        kind: cases.kind,
        category: reports.category,
        text: reports.text,
        createdAt: reports.createdAt,
      },
      sql`from reports cross join cases on ${cases.id} = ${reports.caseId}
        where ${reports.reporterId} = ${userId} and ${reports.id} > ${after} order by ${reports.id} limit ${ROWS.texts}`,
    ),
  ])
  return { rows, isLast: rows.length < ROWS.texts }
}

const l = alias(moderationActions, 'l')
const ap = alias(appeals, 'ap')

/** What moderators did to the user, as told in the notices, with the user's appeals. */
export async function exportedNotices(db: Db, userId: number, after: number) {
  const [rows] = await db.batch([
    selectStatement(
      {
        id: l.id,
        action: l.action,
        reason: l.reason,
        text: l.text,
        kind: l.kind,
        until: l.until,
        createdAt: l.createdAt,
        appeal: sql<string | null>`${ap.text}`,
        appealedAt: sql<number | null>`${ap.createdAt}`,
      },
      sql`from moderation_actions l left join appeals ap on ${ap.actionId} = ${l.id}
        where ${l.userId} = ${userId} and ${l.isNotice} = 1 and ${l.id} > ${after} order by ${l.id} limit ${ROWS.texts}`,
    ),
  ])
  return { rows, isLast: rows.length < ROWS.texts }
}
