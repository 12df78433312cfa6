/** Follows in D1: `owner` follows `followed`. */
import { type SQL, sql } from 'drizzle-orm'
import { alias } from 'drizzle-orm/sqlite-core'
import type { Db } from '../db/client'
import { fixed, type RowOf, selectList } from '../db/columns'
import { type Created, type Creation, createRow } from '../db/create'
import { existingUsersStatement, idsOf } from '../db/existing-users'
import { inListOrder, newestFirst } from '../db/list-order'
import type { Owned } from '../db/owned'
import { limits, type PageRequest, type PageSlice } from '../db/page'
import { followers, users } from '../db/schema'
import { rowCount } from '../db/sequences'
import { build, selectStatement, statement } from '../db/statements'
import { type ViewerId, visibleTo } from '../db/visibility'

export const OWN_FOLLOW: Owned = {
  table: followers,
  id: followers.id,
  ownerId: followers.ownerId,
  isThere: (visible) => visible.follow(followers),
}

const f = alias(followers, 'f')
const owners = alias(users, 'owners')
const followedUsers = alias(users, 'followed_users')

const FOLLOW = selectList({
  id: f.id,
  owner: owners.username,
  followedId: f.followedId,
  followedName: followedUsers.username,
  createdAt: f.createdAt,
})
export type FollowerRow = RowOf<typeof FOLLOW>

export const NEWEST_FOLLOWS = newestFirst<FollowerRow>('followers', f.id)

const from = fixed(sql`from followers f cross join users owners on owners.id = f.owner_id
  cross join users followed_users on followed_users.id = f.followed_id`)

export interface FollowerFilter {
  owner?: number | undefined
  followed?: number | undefined
}

export interface FollowerPage extends PageSlice<FollowerRow> {
  /** Those users of the filter who exist. */
  existing: ReadonlySet<number>
}

/** Newest first. Reads three rows per follow, shown or skipped, and 8 more. */
export async function listFollowers(
  db: Db,
  viewerId: ViewerId,
  { owner, followed }: FollowerFilter,
  page: PageRequest,
): Promise<FollowerPage> {
  const order = NEWEST_FOLLOWS.towards(page)
  const conditions = [
    visibleTo(viewerId).follow(f),
    owner !== undefined && sql`${f.ownerId} = ${owner}`,
    followed !== undefined && sql`${f.followedId} = ${followed}`,
    page.after && order.after(page.after),
  ].filter((condition): condition is SQL => typeof condition === 'object')
  const where = sql`where ${sql.join(conditions, sql` and `)}`
  const count = countOf({ owner, followed })
  const [rows, [counted], existing] = await db.batch([
    selectStatement(
      FOLLOW,
      sql`${from} ${where} ${order.orderBy()} ${limits(page, sql`coalesce(${count}, 0)`)}`,
    ),
    selectStatement({ count: sql<number | null>`${count}` }, sql``),
    existingUsersStatement([owner, followed], viewerId),
  ])
  return { rows: inListOrder(rows, page), count: counted?.count ?? 0, existing: idsOf(existing) }
}

function countOf({ owner, followed }: FollowerFilter): SQL<number> {
  if (owner === undefined && followed === undefined) return rowCount('followers')
  if (owner === undefined) return sql`(select followers_count from users where id = ${followed})`
  if (followed === undefined) return sql`(select following_count from users where id = ${owner})`
  return sql`(select count(*) from followers where owner_id = ${owner} and followed_id = ${followed})`
}

/** Reads 3 rows. */
export async function findFollower(db: Db, viewerId: ViewerId, id: number): Promise<FollowerRow | undefined> {
  const [rows] = await db.batch([
    selectStatement(FOLLOW, sql`${from} where ${f.id} = ${id} and ${visibleTo(viewerId).follow(f)}`),
  ])
  return rows[0]
}

/** Throws `UniqueViolation` for a second follow or a used key, `ForeignKeyViolation` for no such user. Writes 9 rows, and 2 to tell whom they follow. */
export const createFollower = (
  db: Db,
  ownerId: number,
  followedId: number,
  creation: Creation,
): Promise<Created<FollowerRow>> =>
  createRow(db, creation, {
    columns: FOLLOW,
    insert: () =>
      statement(
        build.insert(followers).values({
          ownerId,
          followedId: sql`iif(${visibleTo(ownerId).user(sql`${followedId}`)}, ${followedId}, 0)`,
          createdAt: creation.now,
        }),
      ),
    from: sql`${from} where ${f.ownerId} = ${ownerId} and ${f.followedId} = ${followedId}`,
  })
