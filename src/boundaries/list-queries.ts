/** A user's private lists of people: those they block and those they mute. */
import { and, eq, type SQL, sql } from 'drizzle-orm'
import { alias, type SQLiteColumn } from 'drizzle-orm/sqlite-core'
import type { Db } from '../db/client'
import { type RowOf, selectList } from '../db/columns'
import { type Created, type Creation, createRow } from '../db/create'
import { TOO_MANY_PATH } from '../db/errors'
import { newestFirst } from '../db/list-order'
import type { PageRequest, PageSlice } from '../db/page'
import { blocks, mutes, users } from '../db/schema'
import {
  build,
  type Statement,
  selectedStatement,
  selectStatement,
  statement,
  writeStatement,
} from '../db/statements'
import { doesNotBlock, isShown, visibleTo } from '../db/visibility'
import { END, shownColumns, sliceOf, visibleRows } from '../db/visible-page'

/** How many people a user may block, and how many mute. */
export const MAX_LISTED = 10_000

interface ListKind {
  name: string
  table: typeof blocks | typeof mutes
  otherId: SQLiteColumn
  /** The length of the list, stored in the owner's row. */
  count: SQLiteColumn
  /** Whether a person on the list is shown in it. */
  isShown: (otherId: SQL, ownerId: number) => SQL
  /** Whether a person may be added; otherwise they are treated as not existing. */
  isThere: (otherId: SQL, ownerId: number) => SQL
  /** Statements that run together with an addition. */
  before?: (ownerId: number, otherId: number) => Statement[]
}

/** Deletes follows and follow requests between the two. */
const endStatement = (table: SQL, one: number, other: number) =>
  writeStatement(sql`delete from ${table} where (owner_id = ${one} and followed_id = ${other})
    or (owner_id = ${other} and followed_id = ${one})`)

export const BLOCKS: ListKind = {
  name: 'blocks',
  table: blocks,
  otherId: blocks.blockedId,
  count: users.blocksCount,
  isShown,
  isThere: (otherId, ownerId) => sql`${isShown(otherId)} and ${doesNotBlock(otherId, ownerId)}`,
  before: (ownerId, otherId) => [
    endStatement(sql`followers`, ownerId, otherId),
    endStatement(sql`follow_requests`, ownerId, otherId),
  ],
}

export const MUTES: ListKind = {
  name: 'mutes',
  table: mutes,
  otherId: mutes.mutedId,
  count: users.mutesCount,
  isShown: (otherId, ownerId) => visibleTo(ownerId).user(otherId),
  isThere: (otherId, ownerId) => visibleTo(ownerId).user(otherId),
}

const owners = alias(users, 'owners')
const others = alias(users, 'others')

const listedOf = ({ table, otherId }: ListKind) =>
  selectList({
    id: sql<number>`${table.id}`,
    owner: owners.username,
    otherId: sql<number>`${otherId}`,
    otherName: others.username,
    createdAt: sql<number>`${table.createdAt}`,
  })
export type ListedRow = RowOf<ReturnType<typeof listedOf>>

const peopleOf = ({ table, otherId }: ListKind): SQL =>
  sql`cross join users owners on ${owners.id} = ${table.ownerId} cross join users others on ${others.id} = ${otherId}`

const fromOf = (kind: ListKind): SQL => sql`from ${kind.table} ${peopleOf(kind)}`

export const newestOf = ({ name, table }: ListKind) => newestFirst<ListedRow>(name, table.id)

/** Newest first. Reads three rows for each, shown or skipped, and 1 more. */
export async function listOwn(
  db: Db,
  kind: ListKind,
  ownerId: number,
  page: PageRequest,
): Promise<PageSlice<ListedRow>> {
  const order = newestOf(kind).towards(page)
  const { table, otherId } = kind
  const where = and(eq(table.ownerId, ownerId), page.after && order.after(page.after))
  const kept = sql<number>`(select ${kind.count} from users where id = ${ownerId})`
  const columns = listedOf(kind)
  const rows = visibleRows({
    shown: shownColumns(columns),
    candidates: sql`select * from ${table} where ${where} ${order.orderBy()}`,
    name: sql`${table}`,
    joins: peopleOf(kind),
    visible: kind.isShown(sql`${otherId}`, ownerId),
    key: [sql`${table.id}`],
    page,
    kept,
  })
  const [found, [counted]] = await db.batch([
    selectedStatement({ ...columns.columns, ...END }, rows),
    selectStatement({ count: kept }, sql``),
  ])
  return { ...sliceOf(found, page), count: counted?.count ?? 0 }
}

/**
 * Adds a person. Throws `ForeignKeyViolation` if the id does not exist, `UniqueViolation` if they are already on the list or the key was used,
 * `TooMany`.
 */
export const addToOwn = (
  db: Db,
  kind: ListKind,
  ownerId: number,
  otherId: number,
  creation: Creation,
): Promise<Created<ListedRow>> =>
  createRow(db, creation, {
    columns: listedOf(kind),
    insert: () => insertStatement(kind, ownerId, otherId, creation.now),
    before: kind.before?.(ownerId, otherId) ?? [],
    from: sql`${fromOf(kind)} where ${kind.table.ownerId} = ${ownerId} and ${kind.otherId} = ${otherId}`,
  })

function insertStatement(kind: ListKind, ownerId: number, otherId: number, now: number) {
  const isFull = sql`(select ${kind.count} from users where id = ${ownerId}) >= ${MAX_LISTED}`
  const other = sql`case when ${isFull} then json_extract('{}', ${sql.raw(`'${TOO_MANY_PATH}'`)})
    when ${kind.isThere(sql`${otherId}`, ownerId)} then ${otherId} else 0 end`
  return kind.table === blocks
    ? statement(build.insert(blocks).values({ ownerId, blockedId: other, createdAt: now }))
    : statement(build.insert(mutes).values({ ownerId, mutedId: other, createdAt: now }))
}

/** Removes a person; false if the owner's list has no such row. */
export async function removeFromOwn(db: Db, kind: ListKind, ownerId: number, id: number): Promise<boolean> {
  const { table } = kind
  const [rows] = await db.batch([
    statement(
      build
        .delete(table)
        .where(and(eq(table.id, id), eq(table.ownerId, ownerId)))
        .returning({ id: table.id }),
    ),
  ])
  return rows.length > 0
}
