/** Rows that belong to somebody. */
import { and, eq } from 'drizzle-orm'
import type { Db } from './client'
import type { comments, followers, likes, posts } from './schema'

type OwnedTable = typeof posts | typeof comments | typeof likes | typeof followers

/** Whose row it is; undefined where there is none. Reads 1 row. */
export async function ownerOf(db: Db, table: OwnedTable, id: number): Promise<number | undefined> {
  const [rows] = await db.batch([
    db.build.select({ ownerId: table.ownerId }).from(table).where(eq(table.id, id)),
  ])
  return rows[0]?.ownerId
}

/** Deletes the row if it is this owner's; says whose it was. */
export async function deleteOwned(db: Db, table: OwnedTable, ownerId: number, id: number) {
  const [rows] = await db.batch([
    db.build.select({ ownerId: table.ownerId }).from(table).where(eq(table.id, id)),
    db.build.delete(table).where(and(eq(table.id, id), eq(table.ownerId, ownerId))),
  ])
  return rows[0]?.ownerId
}
