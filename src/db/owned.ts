/** Rows that only their owner may change. */
import { and, eq, or, type SQL, sql } from 'drizzle-orm'
import type { SQLiteColumn, SQLiteTable } from 'drizzle-orm/sqlite-core'
import type { Db } from './client'
import type { Charge } from './rate-limits'
import { build, type Statement, selectStatement, statement } from './statements'
import { type ViewerId, visibleTo } from './visibility'

/** What a request that changes a row brings besides its fields. */
export interface Change {
  charges: readonly Charge[]
  /** Milliseconds since the epoch. */
  now: number
}

/** A kind of row, and the column that says whose it is. */
export interface Owned {
  table: SQLiteTable
  id: SQLiteColumn
  ownerId: SQLiteColumn
  /** Hides those of these rows whose deletion would be too much for one statement; nobody sees them from then on, and the scheduled job erases them. */
  hideLarge?: (rows: SQL) => Statement
  /** Whether it is there for somebody. */
  isThere: (visible: ReturnType<typeof visibleTo>) => SQL
  /** Who may delete it besides. */
  alsoDeletedBy?: (userId: number) => SQL
}

const ownerStatement = ({ table, id, ownerId, isThere }: Owned, rowId: number, viewerId: ViewerId) =>
  selectStatement(
    { ownerId: sql<number>`${ownerId}` },
    sql`from ${table} where ${id} = ${rowId} and ${isThere(visibleTo(viewerId))}`,
  )

/** The row's owner; undefined if the viewer may not see the row. Reads 1 row, and 1 for the post of what is on one. */
export async function findOwner(
  db: Db,
  kind: Owned,
  id: number,
  viewerId: ViewerId,
): Promise<{ ownerId: number } | undefined> {
  const [rows] = await db.batch([ownerStatement(kind, id, viewerId)])
  return rows[0]
}

/** Deletes the row if this user may and it is there for them, and what `also` does in the same batch; says whose it was, or theirs where they might. */
export async function deleteOwned(
  db: Db,
  kind: Owned,
  { id, userId }: { id: number; userId: number },
  also: Statement[] = [],
): Promise<{ ownerId: number } | undefined> {
  const isIt = sql`${kind.id} = ${id} and ${kind.isThere(visibleTo(userId))}`
  const mayDelete = or(eq(kind.ownerId, userId), kind.alsoDeletedBy?.(userId))
  const [rows] = await db.batch([
    selectStatement(
      { ownerId: sql<number>`iif(${mayDelete}, ${userId}, ${kind.ownerId})` },
      sql`from ${kind.table} where ${isIt}`,
    ),
    ...(kind.hideLarge ? [kind.hideLarge(sql`${isIt} and ${mayDelete}`)] : []),
    statement(build.delete(kind.table).where(and(isIt, mayDelete))),
    ...also,
  ])
  return rows[0]
}
