/** Requests to follow private accounts. */
import { and, eq, type SQL, sql } from 'drizzle-orm'
import { alias } from 'drizzle-orm/sqlite-core'
import type { Db } from '../db/client'
import { type RowOf, selectList } from '../db/columns'
import { TOO_MANY_PATH } from '../db/errors'
import { newestFirst } from '../db/list-order'
import type { PageRequest, PageSlice } from '../db/page'
import { followRequests, users } from '../db/schema'
import { nextId } from '../db/sequences'
import { build, selectedStatement, selectStatement, statement, writeStatement } from '../db/statements'
import { toldStatement } from '../db/told'
import { visibleTo } from '../db/visibility'
import { END, shownColumns, sliceOf, visibleRows } from '../db/visible-page'
import { type FollowerRow, newestFollowerStatement } from './queries'

/** How many requests may be pending per account: all are accepted in one batch when it becomes public. */
export const MAX_REQUESTS = 500

const r = alias(followRequests, 'r')
const owners = alias(users, 'owners')
const followedUsers = alias(users, 'followed_users')

const REQUEST = selectList({
  id: r.id,
  ownerId: r.ownerId,
  owner: owners.username,
  followedId: r.followedId,
  followedName: followedUsers.username,
  createdAt: r.createdAt,
})
export type RequestRow = RowOf<typeof REQUEST>
const SHOWN = shownColumns(REQUEST)

export const NEWEST_REQUESTS = newestFirst<RequestRow>('follow_requests', r.id)

/** Whether following this user requires a request: the account is private and not yet followed. */
export const takesRequest = (ownerId: number, followedId: number): SQL =>
  sql`(exists (select 1 from private_accounts where user_id = ${followedId})
    and not exists (select 1 from followers where owner_id = ${ownerId} and followed_id = ${followedId}))`

/** The statement that inserts a request if one is required. Fails if too many requests are pending for that user. Reads 4 rows. */
export const requestStatement = (ownerId: number, followedId: number, now: number) =>
  writeStatement(sql`insert into follow_requests (id, owner_id, followed_id, created_at)
    select ${nextId('follow_requests')}, ${ownerId},
      iif(${users.followRequestsCount} < ${MAX_REQUESTS}, ${users.id}, json_extract('{}', ${sql.raw(`'${TOO_MANY_PATH}'`)})), ${now}
    from users where ${users.id} = ${followedId} and ${visibleTo(ownerId).user(users.id)} and ${takesRequest(ownerId, followedId)}`)

/** Turns requests into follows, in their order. */
const acceptStatement = (where: SQL, now: number) =>
  writeStatement(sql`insert into followers (id, owner_id, followed_id, created_at)
    select ${nextId('followers')} + row_number() over (order by id) - 1, owner_id, followed_id, ${now}
    from follow_requests where ${where} order by id on conflict (owner_id, followed_id) do nothing returning id`)

/** The statements that accept all pending requests for this user: at most 500. */
export const acceptAllStatements = (followedId: number, now: number) => [
  acceptStatement(sql`followed_id = ${followedId}`, now),
  statement(build.delete(followRequests).where(eq(followRequests.followedId, followedId))),
]

/** The pending requests for this user, newest first. Reads three rows for each, and 1 more. */
export async function listRequests(
  db: Db,
  followedId: number,
  page: PageRequest,
): Promise<PageSlice<RequestRow>> {
  const order = NEWEST_REQUESTS.towards(page)
  const behind = page.after ? sql`and ${order.after(page.after)}` : sql``
  const kept = sql<number>`(select follow_requests_count from users where id = ${followedId})`
  const rows = visibleRows({
    shown: SHOWN,
    candidates: sql`select * from follow_requests r where ${r.followedId} = ${followedId} ${behind} ${order.orderBy()}`,
    name: sql`r`,
    joins: sql`cross join users owners on ${owners.id} = ${r.ownerId}
      cross join users followed_users on ${followedUsers.id} = ${r.followedId}`,
    visible: visibleTo(followedId).user(r.ownerId),
    key: [sql`r.id`],
    page,
    kept,
  })
  const [found, [counted]] = await db.batch([
    selectedStatement({ ...REQUEST.columns, ...END }, rows),
    selectStatement({ count: kept }, sql``),
  ])
  return { ...sliceOf(found, page), count: counted?.count ?? 0 }
}

/** Accepts a request and returns the follow; undefined if no such request is pending for this user. */
export async function acceptRequest(
  db: Db,
  followedId: number,
  id: number,
  now: number,
): Promise<FollowerRow | undefined> {
  const isIt = sql`id = ${id} and followed_id = ${followedId} and ${visibleTo(followedId).user(sql`follow_requests.owner_id`)}`
  const [accepted, , rows] = await db.batch([
    acceptStatement(isIt, now),
    writeStatement(sql`delete from follow_requests where ${isIt}`),
    newestFollowerStatement(followedId),
    toldStatement(['accepted'], sql`(select max(id) from followers where followed_id = ${followedId})`),
  ])
  return accepted.length > 0 ? rows[0] : undefined
}

/** Withdraws the user's own request, or rejects one to them; false if there is neither. */
export async function deleteRequest(db: Db, userId: number, id: number): Promise<boolean> {
  const [rows] = await db.batch([
    statement(
      build
        .delete(followRequests)
        .where(
          and(
            eq(followRequests.id, id),
            sql`${userId} in (${followRequests.ownerId}, ${followRequests.followedId})`,
            visibleTo(userId).user(followRequests.ownerId),
            visibleTo(userId).user(followRequests.followedId),
          ),
        )
        .returning({ id: followRequests.id }),
    ),
  ])
  return rows.length > 0
}
