/** Following a user: at once, or for a private account after they accept. */
import { sql } from 'drizzle-orm'
import { alias } from 'drizzle-orm/sqlite-core'
import type { Db } from '../db/client'
import { selectList } from '../db/columns'
import { type Created, type Creation, createRow } from '../db/create'
import { followers, followRequests, users } from '../db/schema'
import { nextId } from '../db/sequences'
import { writeStatement } from '../db/statements'
import { toldStatement } from '../db/told'
import { visibleTo } from '../db/visibility'
import type { FollowerRow } from './queries'
import { requestStatement, takesRequest } from './request-queries'

const f = alias(followers, 'f')
const r = alias(followRequests, 'r')
const owners = alias(users, 'owners')
const followedUsers = alias(users, 'followed_users')

/** A follow, or a request for one, of `owners` and `followed_users`. */
const FOLLOW_OR_REQUEST = selectList({
  id: sql<number>`coalesce(${f.id}, 0)`,
  owner: owners.username,
  followedId: followedUsers.id,
  followedName: followedUsers.username,
  createdAt: sql<number>`coalesce(${f.createdAt}, ${r.createdAt})`,
  requestId: sql<number | null>`${r.id}`,
})

/**
 * Follows, or requests to. Throws `UniqueViolation` for a second follow or request or a used key, `ForeignKeyViolation` for an unknown user,
 * `TooMany` if too many requests are pending. Writes 9 rows, and 2 to notify the followed user.
 */
export const createFollower = (
  db: Db,
  ownerId: number,
  followedId: number,
  creation: Creation,
): Promise<Created<FollowerRow>> =>
  createRow(db, creation, {
    columns: FOLLOW_OR_REQUEST,
    before: [requestStatement(ownerId, followedId, creation.now)],
    insert: () =>
      writeStatement(sql`insert into followers (id, owner_id, followed_id, created_at)
        select ${nextId('followers')}, ${ownerId}, iif(${visibleTo(ownerId).user(sql`${followedId}`)}, ${followedId}, 0), ${creation.now}
        where not (${visibleTo(ownerId).user(sql`${followedId}`)}) or not ${takesRequest(ownerId, followedId)}`),
    told: [
      toldStatement(
        ['follow'],
        sql`(select id from followers where owner_id = ${ownerId} and followed_id = ${followedId})`,
      ),
      toldStatement(
        ['request'],
        sql`(select id from follow_requests where owner_id = ${ownerId} and followed_id = ${followedId})`,
      ),
    ],
    from: sql`from users owners cross join users followed_users
      left join followers f on ${f.ownerId} = ${owners.id} and ${f.followedId} = ${followedUsers.id}
      left join follow_requests r on ${r.ownerId} = ${owners.id} and ${r.followedId} = ${followedUsers.id}
      where ${owners.id} = ${ownerId} and ${followedUsers.id} = ${followedId}`,
  })
