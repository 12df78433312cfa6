/** Comments in D1. */
import { and, eq, type SQL, sql } from 'drizzle-orm'
import type { Db } from '../db/client'
import { type Columns, fixed, selectList } from '../db/columns'
import { type IdempotencyKey, rememberRow } from '../db/idempotency'
import { rowCount } from '../db/ids'
import { comments, posts } from '../db/schema'
import type { Listed, Window } from '../db/window'

/** A comment with what its view shows of the owner. */
export interface CommentRow {
  id: number
  ownerId: number
  owner: string
  ownerImage: string | null
  postId: number
  content: string
  createdAt: number
  updatedAt: number
}

const columns: Columns = {
  id: sql`m.id`,
  ownerId: sql`m.owner_id`,
  owner: sql`u.username`,
  ownerImage: sql`u.image`,
  postId: sql`m.post_id`,
  content: sql`m.content`,
  createdAt: sql`m.created_at`,
  updatedAt: sql`m.updated_at`,
}
const from = sql`from comments m cross join users u on u.id = m.owner_id`
const selected = fixed(sql`select ${selectList(columns)} ${from}`)
const select = (rest: SQL) => sql`${selected} ${rest}`

/**
 * Newest first; `postExists` is false where the filter names no post. Reads two rows per comment shown and 4 more.
 */
export async function listComments(
  db: Db,
  postId: number | undefined,
  { limit, offset, after }: Window,
): Promise<Listed<CommentRow> & { postExists: boolean }> {
  const conditions = [
    postId !== undefined && sql`m.post_id = ${postId}`,
    after?.[0] !== undefined && sql`m.id < ${after[0]}`,
  ].filter((condition) => condition !== false)
  const where = conditions.length > 0 ? sql`where ${sql.join(conditions, sql` and `)}` : sql``
  const count =
    postId === undefined ? rowCount('comments') : sql`(select comments_count from posts where id = ${postId})`
  const [rows, counts] = await db.batch([
    db.rows<CommentRow>(select(sql`${where} order by m.id desc limit ${limit} offset ${offset}`)),
    db.rows<{ count: number | null }>(sql`select ${count} as count`),
  ])
  const kept = counts[0]?.count ?? null
  return { rows, count: kept ?? 0, postExists: kept !== null }
}

/** Reads 2 rows. */
export async function findComment(db: Db, id: number): Promise<CommentRow | undefined> {
  const [rows] = await db.batch([db.rows<CommentRow>(select(sql`where m.id = ${id}`))])
  return rows[0]
}

/** Throws `ForeignKeyViolation` where there is no such post, `UniqueViolation` where the key was used. Writes 5 rows. */
export async function createComment(
  db: Db,
  ownerId: number,
  { postId, content }: { postId: number; content: string },
  { key, now }: { key: IdempotencyKey | undefined; now: number },
): Promise<CommentRow | undefined> {
  const newest = sql`where m.id = (select max(id) from comments where owner_id = ${ownerId})`
  const [, rows] = await db.batch([
    db.build.insert(comments).values({ ownerId, postId, content, createdAt: now, updatedAt: now }),
    db.rows<CommentRow>(select(newest)),
    ...(key ? [rememberRow(db, key, columns, sql`${from} ${newest}`, now)] : []),
  ])
  return rows[0]
}

/** Changes the comment if it is this owner's; returns it as it is then, whoever's it is. */
export async function updateComment(
  db: Db,
  ownerId: number,
  id: number,
  { content, now }: { content: string | undefined; now: number },
): Promise<CommentRow | undefined> {
  const [, rows] = await db.batch([
    db.build
      .update(comments)
      .set({ content, updatedAt: now })
      .where(and(eq(comments.id, id), eq(comments.ownerId, ownerId))),
    db.rows<CommentRow>(select(sql`where m.id = ${id}`)),
  ])
  return rows[0]
}

/** Reads 1 row. */
export async function postExists(db: Db, id: number): Promise<boolean> {
  const [rows] = await db.batch([db.build.select({ id: posts.id }).from(posts).where(eq(posts.id, id))])
  return rows.length > 0
}
