/** Likes in D1. */
import { sql } from 'drizzle-orm'
import { alias } from 'drizzle-orm/sqlite-core'
import type { Db } from '../db/client'
import { fixed, type RowOf, selectList } from '../db/columns'
import { type Created, type Creation, createRow } from '../db/create'
import { inListOrder, newestFirst } from '../db/list-order'
import { limits, type PageRequest, type PageSlice } from '../db/page'
import { likes, users } from '../db/schema'
import { rowCount } from '../db/sequences'
import { build, selectStatement, statement } from '../db/statements'

const l = alias(likes, 'l')
const u = alias(users, 'u')

const LIKE = selectList({ id: l.id, owner: u.username, postId: l.postId, createdAt: l.createdAt })
export type LikeRow = RowOf<typeof LIKE>

export const NEWEST_LIKES = newestFirst<LikeRow>('likes', l.id)

const from = fixed(sql`from likes l cross join users u on u.id = l.owner_id`)

/** Newest first. Reads two rows per like, shown or skipped, and 6 more. */
export async function listLikes(db: Db, page: PageRequest): Promise<PageSlice<LikeRow>> {
  const order = NEWEST_LIKES.towards(page)
  const where = page.after ? sql`where ${order.after(page.after)}` : sql``
  const kept = rowCount('likes')
  const [rows, [counted]] = await db.batch([
    selectStatement(LIKE, sql`${from} ${where} ${order.orderBy()} ${limits(page, kept)}`),
    selectStatement({ count: kept }, sql``),
  ])
  return { rows: inListOrder(rows, page), count: counted?.count ?? 0 }
}

/** Reads 2 rows. */
export async function findLike(db: Db, id: number): Promise<LikeRow | undefined> {
  const [rows] = await db.batch([selectStatement(LIKE, sql`${from} where ${l.id} = ${id}`)])
  return rows[0]
}

/** Throws `UniqueViolation` for a second like or a used key, `ForeignKeyViolation` for no such post. Writes 8 rows. */
export const createLike = (
  db: Db,
  ownerId: number,
  postId: number,
  creation: Creation,
): Promise<Created<LikeRow>> =>
  createRow(db, creation, {
    columns: LIKE,
    insert: () => statement(build.insert(likes).values({ ownerId, postId, createdAt: creation.now })),
    from: sql`${from} where ${l.ownerId} = ${ownerId} and ${l.postId} = ${postId}`,
  })
