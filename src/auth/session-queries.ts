/** Sessions in D1. A session is a row, so that it can be revoked. */
import { and, desc, eq, gt, isNull, lt, not, or, type SQL, sql } from 'drizzle-orm'
import type { Db } from '../db/client'
import type { RowOf } from '../db/columns'
import { sessions, users } from '../db/schema'
import { SESSION_NAME_LENGTH, sessionNamed } from '../db/session-names'
import { build, statement, writeStatement } from '../db/statements'

/** Users see `last_used_at` in their list of sessions; it is not written more often than this. */
const USE_RECORDED_EVERY_MS = 60_000
const USER_AGENT_MAX_CHARACTERS = 300

/** The most sessions of a user: signing in once more deletes the one that was unused for longest. */
export const MAX_SESSIONS = 100

interface SessionRow {
  jtiHash: string
  /** SQL if the same batch creates the user. */
  userId: number | SQL<number>
  userAgent: string
  /** The device's name: a trigger notifies users of a sign-in from a device on which they have no session (`db/kept/notifications.ts`). */
  device: string
  /** How many seconds the session lasts unless it is used. */
  seconds: number
  now: number
}

export const insertSessionStatement = ({ jtiHash, userId, userAgent, device, seconds, now }: SessionRow) =>
  statement(
    build.insert(sessions).values({
      jtiHash,
      userId,
      userAgent: userAgent.slice(0, USER_AGENT_MAX_CHARACTERS),
      device,
      createdAt: now,
      lastUsedAt: now,
      expiresAt: now + seconds * 1000,
    }),
  )

/** Deletes the user's sessions beyond `MAX_SESSIONS`. Reads at most two rows for each of `MAX_SESSIONS`. */
export const limitSessionsStatement = (userId: number) =>
  writeStatement(
    sql`delete from sessions where user_id = ${userId} and jti_hash in (select jti_hash from sessions where user_id = ${userId}
      order by revoked_at is null desc, last_used_at desc limit -1 offset ${MAX_SESSIONS})`,
  )

/** The condition for sessions that have not ended. */
const isLiveAt = (now: number) => and(isNull(sessions.revokedAt), gt(sessions.expiresAt, now))

/**
 * The live session with this key, if its user is active. Records its use and, if `prolong` is given, extends it to `refreshSeconds` from now, but at
 * most to `sessionSeconds` after its creation. Reads 5 rows, and writes at most one a minute.
 */
export async function touchSession(
  db: Db,
  jtiHash: string,
  now: number,
  prolong?: { refreshSeconds: number; sessionSeconds: number },
) {
  const isLive = and(eq(sessions.jtiHash, jtiHash), isLiveAt(now))
  const until =
    prolong &&
    sql`min(${sessions.createdAt} + ${prolong.sessionSeconds * 1000}, ${now + prolong.refreshSeconds * 1000})`
  const [, found] = await db.batch([
    statement(
      build
        .update(sessions)
        .set({ lastUsedAt: now, ...(until && { expiresAt: sql`max(${sessions.expiresAt}, ${until})` }) })
        .where(
          and(
            isLive,
            or(
              lt(sessions.lastUsedAt, now - USE_RECORDED_EVERY_MS),
              until && sql`${sessions.expiresAt} < ${until} - ${USE_RECORDED_EVERY_MS}`,
            ),
          ),
        ),
    ),
    statement(
      build
        .select({ userId: sessions.userId, expiresAt: sessions.expiresAt })
        .from(sessions)
        .crossJoin(users)
        .where(and(isLive, eq(users.id, sessions.userId), eq(users.isActive, true))),
    ),
  ])
  return found[0]
}

const SESSION = {
  /** See `session-names.ts`. */
  name: sql<string>`substr(${sessions.jtiHash}, 1, ${sql.raw(String(SESSION_NAME_LENGTH))})`.as('name'),
  userAgent: sessions.userAgent,
  createdAt: sessions.createdAt,
  lastUsedAt: sessions.lastUsedAt,
  expiresAt: sessions.expiresAt,
}
export type SessionListRow = RowOf<Omit<typeof SESSION, 'name'>> & { name: string }

/** The user's live sessions, most recently used first: at most `MAX_SESSIONS`. Reads two rows for each. */
export async function listSessions(db: Db, userId: number, now: number): Promise<SessionListRow[]> {
  const [rows] = await db.batch([sessionsStatement(userId, now)])
  return rows
}

/** The statement for `listSessions`. */
export const sessionsStatement = (userId: number | SQL, now: number) =>
  statement(
    build
      .select(SESSION)
      .from(sessions)
      .where(and(eq(sessions.userId, userId), isLiveAt(now)))
      .orderBy(desc(sessions.lastUsedAt), desc(sessions.createdAt))
      .limit(MAX_SESSIONS),
  )

/** The user agents of all the user's sessions, including ended ones. Reads two rows for each. */
export const userAgentsStatement = (userId: number) =>
  statement(
    build.selectDistinct({ userAgent: sessions.userAgent }).from(sessions).where(eq(sessions.userId, userId)),
  )

/** Ends one session; returns no row if it had already ended. */
export const revokeSessionStatement = (userId: number | SQL, name: string, now: number) =>
  revokeStatement(userId, sessionNamed(name), now)

/** Ends all sessions of a user except the one named `except`. */
export const revokeSessionsStatement = (userId: number | SQL, except: string | undefined, now: number) =>
  revokeStatement(userId, except === undefined ? undefined : not(sessionNamed(except)), now)

const revokeStatement = (userId: number | SQL, which: SQL | undefined, now: number) =>
  statement(
    build
      .update(sessions)
      .set({ revokedAt: now })
      .where(and(eq(sessions.userId, userId), which, isNull(sessions.revokedAt)))
      .returning({ userId: sessions.userId }),
  )

/** Deletes up to `limit` expired sessions. Returns a row for each. */
export const deleteExpiredSessionsStatement = (now: number, limit: number) =>
  statement(
    build
      .delete(sessions)
      .where(
        sql`rowid in (select rowid from sessions where expires_at < ${now} order by expires_at limit ${limit})`,
      )
      .returning({ userId: sessions.userId }),
  )
