/** Likes in D1. */
import { type SQL, sql } from 'drizzle-orm'
import type { Db } from '../db/client'
import { type Columns, fixed, selectList } from '../db/columns'
import { type IdempotencyKey, rememberRow } from '../db/idempotency'
import { rowCount } from '../db/ids'
import { likes } from '../db/schema'
import type { Listed, Window } from '../db/window'

export interface LikeRow {
  id: number
  owner: string
  postId: number
  createdAt: number
}

const columns: Columns = {
  id: sql`l.id`,
  owner: sql`u.username`,
  postId: sql`l.post_id`,
  createdAt: sql`l.created_at`,
}
const from = sql`from likes l cross join users u on u.id = l.owner_id`
const selected = fixed(sql`select ${selectList(columns)} ${from}`)
const select = (rest: SQL) => sql`${selected} ${rest}`

/** Newest first. Reads two rows per like shown and 4 more. */
export async function listLikes(db: Db, { limit, offset, after }: Window): Promise<Listed<LikeRow>> {
  const where = after?.[0] === undefined ? sql`` : sql`where l.id < ${after[0]}`
  const [rows, counts] = await db.batch([
    db.rows<LikeRow>(select(sql`${where} order by l.id desc limit ${limit} offset ${offset}`)),
    db.rows<{ count: number }>(sql`select ${rowCount('likes')} as count`),
  ])
  return { rows, count: counts[0]?.count ?? 0 }
}

/** Reads 2 rows. */
export async function findLike(db: Db, id: number): Promise<LikeRow | undefined> {
  const [rows] = await db.batch([db.rows<LikeRow>(select(sql`where l.id = ${id}`))])
  return rows[0]
}

/** Throws `UniqueViolation` for a second like or a used key, `ForeignKeyViolation` for no such post. Writes 8 rows. */
export async function createLike(
  db: Db,
  ownerId: number,
  postId: number,
  { key, now }: { key: IdempotencyKey | undefined; now: number },
): Promise<LikeRow | undefined> {
  const created = sql`where l.owner_id = ${ownerId} and l.post_id = ${postId}`
  const [, rows] = await db.batch([
    db.build.insert(likes).values({ ownerId, postId, createdAt: now }),
    db.rows<LikeRow>(select(created)),
    ...(key ? [rememberRow(db, key, columns, sql`${from} ${created}`, now)] : []),
  ])
  return rows[0]
}
