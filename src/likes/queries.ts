/** Likes in D1. */
import { type SQL, sql } from 'drizzle-orm'
import type { Db } from '../db/client'
import { rowCount } from '../db/ids'
import { likes } from '../db/schema'
import type { Listed, Window } from '../db/window'

export interface LikeRow {
  id: number
  owner: string
  postId: number
  createdAt: number
}

const select = (
  rest: SQL,
) => sql`select l.id, u.username as owner, l.post_id as "postId", l.created_at as "createdAt"
  from likes l cross join users u on u.id = l.owner_id ${rest}`

/** Newest first. Reads two rows per like shown and 3 more. */
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

/** Throws `UniqueViolation` for a second like, `ForeignKeyViolation` for no such post. Writes 8 rows. */
export async function createLike(
  db: Db,
  ownerId: number,
  postId: number,
  now: number,
): Promise<LikeRow | undefined> {
  const [, rows] = await db.batch([
    db.build.insert(likes).values({ ownerId, postId, createdAt: now }),
    db.rows<LikeRow>(select(sql`where l.owner_id = ${ownerId} and l.post_id = ${postId}`)),
  ])
  return rows[0]
}
