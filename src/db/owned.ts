/** Rows that belong to somebody, who alone may change them. */
import { and, eq, type SQL, sql } from 'drizzle-orm'
import type { SQLiteColumn, SQLiteTable } from 'drizzle-orm/sqlite-core'
import type { Db } from './client'
import { build, type Statement, selectStatement, statement } from './statements'

/** A kind of row, and the column that says whose it is. */
export interface Owned {
  table: SQLiteTable
  id: SQLiteColumn
  ownerId: SQLiteColumn
  /** The condition without which the row is as good as not there, also to its owner. */
  isShown?: SQL
}

const ownerStatement = ({ table, id, ownerId, isShown = sql`true` }: Owned, rowId: number) =>
  selectStatement(
    { ownerId: sql<number>`${ownerId}` },
    sql`from ${table} where ${id} = ${rowId} and ${isShown}`,
  )

/** Whose row it is; undefined where there is none. Reads 1 row. */
export async function findOwner(db: Db, kind: Owned, id: number): Promise<{ ownerId: number } | undefined> {
  const [rows] = await db.batch([ownerStatement(kind, id)])
  return rows[0]
}

/** Deletes the row if it is this user's, and what `also` does in the same batch; says whose it was. */
export async function deleteOwned(
  db: Db,
  kind: Owned,
  { id, userId }: { id: number; userId: number },
  also: Statement[] = [],
): Promise<{ ownerId: number } | undefined> {
  const [rows] = await db.batch([
    ownerStatement(kind, id),
    statement(build.delete(kind.table).where(and(eq(kind.id, id), eq(kind.ownerId, userId), kind.isShown))),
    ...also,
  ])
  return rows[0]
}
