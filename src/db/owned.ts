/** Rows that belong to somebody, who alone may change them. */
import { and, eq, type SQL, sql } from 'drizzle-orm'
import type { SQLiteColumn, SQLiteTable } from 'drizzle-orm/sqlite-core'
import type { Db } from './client'
import { build, type Statement, selectStatement, statement } from './statements'
import { type ViewerId, visibleTo } from './visibility'

/** A kind of row, and the column that says whose it is. */
export interface Owned {
  table: SQLiteTable
  id: SQLiteColumn
  ownerId: SQLiteColumn
  /** Whether it is there for somebody. */
  isThere: (visible: ReturnType<typeof visibleTo>) => SQL
}

const ownerStatement = ({ table, id, ownerId, isThere }: Owned, rowId: number, viewerId: ViewerId) =>
  selectStatement(
    { ownerId: sql<number>`${ownerId}` },
    sql`from ${table} where ${id} = ${rowId} and ${isThere(visibleTo(viewerId))}`,
  )

/** Whose row it is; undefined where there is none for the viewer. Reads 1 row, and 1 for the post of what is on one. */
export async function findOwner(
  db: Db,
  kind: Owned,
  id: number,
  viewerId: ViewerId,
): Promise<{ ownerId: number } | undefined> {
  const [rows] = await db.batch([ownerStatement(kind, id, viewerId)])
  return rows[0]
}

/** Deletes the row if it is this user's and there for them, and what `also` does in the same batch; says whose it was. */
export async function deleteOwned(
  db: Db,
  kind: Owned,
  { id, userId }: { id: number; userId: number },
  also: Statement[] = [],
): Promise<{ ownerId: number } | undefined> {
  const [rows] = await db.batch([
    ownerStatement(kind, id, userId),
    statement(
      build
        .delete(kind.table)
        .where(and(eq(kind.id, id), eq(kind.ownerId, userId), kind.isThere(visibleTo(userId)))),
    ),
    ...also,
  ])
  return rows[0]
}
