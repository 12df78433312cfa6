/** Users in D1, as staff see them. */
import { type SQL, sql } from 'drizzle-orm'
import { alias } from 'drizzle-orm/sqlite-core'
import { revokeSessionStatement, revokeSessionsStatement, sessionsStatement } from '../auth/session-queries'
import type { Db } from '../db/client'
import { type RowOf, selectList } from '../db/columns'
import { ListOrder } from '../db/list-order'
import { COUNT_LIMIT, type PageRequest, type PageSlice } from '../db/page'
import { users } from '../db/schema'
import { sessionNamed } from '../db/session-names'
import { selectedStatement, selectStatement, writeStatement } from '../db/statements'
import { fold } from '../db/text'
import { END, shownColumns, sliceOf, visibleRows } from '../db/visible-page'
import { l, logPersonStatement, newestEntriesStatement } from './log-statements'
import type { Role } from './vocabulary'

const ENTRIES = 50

const u = alias(users, 'u')

const PERSON = selectList({
  id: u.id,
  username: u.username,
  usernameKey: u.usernameKey,
  role: sql<Role | null>`${u.role}`,
  isSilenced: sql<number>`exists (select 1 from silenced_accounts where user_id = u.id)`,
  suspendedUntil: sql<
    number | null
  >`(select until from suspended_accounts where user_id = u.id and until > unixepoch() * 1000)`,
  isDeleted: sql<number>`exists (select 1 from deleted_accounts where user_id = u.id)`,
  postsCount: u.postsCount,
  createdAt: u.createdAt,
})
export type PersonRow = RowOf<typeof PERSON>
const SHOWN = shownColumns(PERSON)

export const PEOPLE_BY_NAME = new ListOrder<PersonRow>('people:name', [
  { column: u.usernameKey, descending: false, of: ({ usernameKey }) => usernameKey, isText: true },
])

/** Users whose name begins with the prefix, sorted by name. Reads a row for each shown or skipped, and one for each counted. */
export async function listPeople(db: Db, prefix: string, page: PageRequest): Promise<PageSlice<PersonRow>> {
  const order = PEOPLE_BY_NAME.towards(page)
  const key = fold(prefix)
  // The key of an erased account begins with a colon, or belongs to a row that has no name to show.
  const matches = sql`u.username_key >= ${key} and u.username_key < ${key} || char(1114111)`
  const behind = page.after ? sql`and ${order.after(page.after)}` : sql``
  const rows = visibleRows({
    shown: SHOWN,
    candidates: sql`select * from users u where ${matches} ${behind} ${order.orderBy()}`,
    name: sql`u`,
    visible: sql`u.username <> ''`,
    key: [sql`u.username_key`],
    page,
  })
  const [found, [counted]] = await db.batch([
    selectedStatement({ ...PERSON.columns, ...END }, rows),
    selectStatement(
      {
        count:
          page.count === undefined
            ? sql<number>`(select iif(count(*) = ${COUNT_LIMIT}, count(*), coalesce(sum(username <> ''), 0))
                from (select username from users u where ${matches} limit ${COUNT_LIMIT}))`
            : sql<number>`${page.count}`,
      },
      sql``,
    ),
  ])
  return { ...sliceOf(found, page), ...(counted && { count: counted.count }) }
}

/** Whether this user may look at them: only admins may look at staff. */
const isFor = (actorId: number): SQL<number> =>
  sql<number>`(u.role is null or exists (select 1 from users staff where staff.id = ${actorId} and staff.role = 'admin'))`

/** A user, with their sessions and the actions against them. `isFor` is false if only admins may see that. */
export async function readPerson(db: Db, actorId: number, id: number, now: number) {
  const seen = sql`(select u.id from users u where u.id = ${id} and ${isFor(actorId)})`
  const [people, sessions, entries] = await db.batch([
    selectStatement(PERSON, sql`from users u where u.id = ${id}`, { isFor: isFor(actorId) }),
    sessionsStatement(seen, now),
    newestEntriesStatement(sql`${l.userId} = ${seen}`, ENTRIES),
  ])
  const [person] = people
  return person && { person, sessions, entries }
}

/** Grants or revokes a role. Undefined if no other user has this id. */
export async function setRole(
  db: Db,
  actorId: number,
  { id, role, now }: { id: number; role: Role | 'none'; now: number },
): Promise<PersonRow | undefined> {
  const value = role === 'none' ? null : role
  const [, , rows] = await db.batch([
    logPersonStatement(
      { actorId, action: 'grant_role', text: role, now },
      sql`u.id = ${id} and u.id <> ${actorId} and u.role is not ${value}`,
    ),
    writeStatement(sql`update users set role = ${value} where id = ${id} and id <> ${actorId}`),
    selectStatement(PERSON, sql`from users u where u.id = ${id}`),
  ])
  return rows[0]
}

/** Ends all sessions of a user, or the one with this name. Gives how many ended, and whether this user was allowed to do it. */
export async function signOut(
  db: Db,
  actorId: number,
  { id, session, now }: { id: number; session?: string | undefined; now: number },
) {
  const seen = sql`(select u.id from users u where u.id = ${id} and ${isFor(actorId)})`
  const isLive =
    session === undefined
      ? sql`true`
      : sql`exists (select 1 from sessions where ${sessionNamed(session)} and user_id = u.id and revoked_at is null)`
  const [, ended, rows] = await db.batch([
    logPersonStatement({ actorId, action: 'sign_out', now }, sql`u.id = ${seen} and ${isLive}`),
    session === undefined
      ? revokeSessionsStatement(seen, undefined, now)
      : revokeSessionStatement(seen, session, now),
    selectStatement({ isFor: isFor(actorId) }, sql`from users u where u.id = ${id}`),
  ])
  return rows[0] && { isFor: rows[0].isFor, ended: ended.length }
}
