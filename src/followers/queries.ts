/** Follows in D1: `owner` follows `followed`. */
import { eq, type SQL, sql } from 'drizzle-orm'
import { alias } from 'drizzle-orm/sqlite-core'
import type { Db } from '../db/client'
import { fixed, type RowOf, selectList } from '../db/columns'
import { existingUsersStatement, idsOf } from '../db/existing-users'
import { newestFirst } from '../db/list-order'
import type { Owned } from '../db/owned'
import type { PageRequest, PageSlice } from '../db/page'
import { followers, users } from '../db/schema'
import { rowCount } from '../db/sequences'
import { selectedStatement, selectStatement } from '../db/statements'
import { openId, type ViewerId, visibleTo } from '../db/visibility'
import { END, shownColumns, sliceOf, visibleRows } from '../db/visible-page'

export const OWN_FOLLOW: Owned = {
  table: followers,
  id: followers.id,
  ownerId: followers.ownerId,
  isThere: (visible) => visible.follow(followers),
  // The followed user.
  alsoDeletedBy: (userId) => eq(followers.followedId, userId),
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
  requestId: sql<number | null>`null`,
})
export type FollowerRow = RowOf<typeof FOLLOW>

export const NEWEST_FOLLOWS = newestFirst<FollowerRow>('followers', f.id)

const people = fixed(sql`cross join users owners on owners.id = f.owner_id
  cross join users followed_users on followed_users.id = f.followed_id`)
const from = fixed(sql`from followers f ${people}`)
const SHOWN = shownColumns(FOLLOW)

export interface FollowerFilter {
  owner?: number | undefined
  followed?: number | undefined
}

export interface FollowerPage extends PageSlice<FollowerRow> {
  /** The users named by the filter who exist. */
  existing: ReadonlySet<number>
}

/** Newest first. Reads three rows per follow, shown or skipped or hidden, and 8 more. */
export async function listFollowers(
  db: Db,
  viewerId: ViewerId,
  filter: FollowerFilter,
  page: PageRequest,
): Promise<FollowerPage> {
  const order = NEWEST_FOLLOWS.towards(page)
  const [owner, followed] = [openId(filter.owner, viewerId), openId(filter.followed, viewerId)]
  const conditions = [
    sql`true`,
    owner && sql`${f.ownerId} = ${owner}`,
    followed && sql`${f.followedId} = ${followed}`,
    page.after && order.after(page.after),
  ].filter((condition): condition is SQL => typeof condition === 'object')
  const where = sql`where ${sql.join(conditions, sql` and `)}`
  const count = countOf(owner, followed)
  const rows = visibleRows({
    shown: SHOWN,
    candidates: sql`select * from followers f ${where} ${order.orderBy()}`,
    name: sql`f`,
    joins: people,
    visible: visibleTo(viewerId).follow(f),
    key: [sql`f.id`],
    page,
    kept: sql`coalesce(${count}, 0)`,
  })
  const [found, [counted], existing] = await db.batch([
    selectedStatement({ ...FOLLOW.columns, ...END }, rows),
    selectStatement({ count: sql<number | null>`${count}` }, sql``),
    existingUsersStatement([filter.owner, filter.followed], viewerId),
  ])
  return { ...sliceOf(found, page), count: counted?.count ?? 0, existing: idsOf(existing) }
}

function countOf(owner: SQL | undefined, followed: SQL | undefined): SQL<number> {
  if (owner === undefined && followed === undefined) return rowCount('followers')
  if (owner === undefined) return sql`(select followers_count from users where id = ${followed})`
  if (followed === undefined) return sql`(select following_count from users where id = ${owner})`
  return sql`(select count(*) from followers where owner_id = ${owner} and followed_id = ${followed})`
}

/** The statement that finds the newest follow of this user. */
export const newestFollowerStatement = (followedId: number) =>
  selectStatement(
    FOLLOW,
    sql`${from} where ${f.id} = (select max(id) from followers where followed_id = ${followedId})`,
  )

/** Reads 3 rows. */
export async function findFollower(db: Db, viewerId: ViewerId, id: number): Promise<FollowerRow | undefined> {
  const [rows] = await db.batch([
    selectStatement(FOLLOW, sql`${from} where ${f.id} = ${id} and ${visibleTo(viewerId).follow(f)}`),
  ])
  return rows[0]
}
