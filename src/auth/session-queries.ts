/** Sessions in D1: a row stands for a refresh token, so that it can be revoked. */
import { and, eq, gte, isNull, lt, not, type SQL, sql } from 'drizzle-orm'
import type { Db } from '../db/client'
import { sessions, users } from '../db/schema'
import { sessionNamed } from '../db/session-names'
import { build, statement } from '../db/statements'
import { MAX_SESSIONS } from '../limits/limits'

/** `last_used_at` is a record for people, not a counter: it is not written more often than this. */
const USE_RECORDED_EVERY_MS = 60_000
const USER_AGENT_MAX_CHARACTERS = 300

interface SessionRow {
  jtiHash: string
  /** SQL where the same batch creates the user. */
  userId: number | SQL<number>
  userAgent: string
  refreshSeconds: number
  now: number
}

export const insertSessionStatement = ({ jtiHash, userId, userAgent, refreshSeconds, now }: SessionRow) =>
  statement(
    build.insert(sessions).values({
      jtiHash,
      userId,
      userAgent: userAgent.slice(0, USER_AGENT_MAX_CHARACTERS),
      createdAt: now,
      lastUsedAt: now,
      expiresAt: now + refreshSeconds * 1000,
    }),
  )

/** The user of a session that is live, if they are active; notes that it was used. Reads 3 rows, and writes at most one a minute. */
export async function touchSession(db: Db, jtiHash: string, now: number): Promise<number | undefined> {
  const isLive = and(eq(sessions.jtiHash, jtiHash), isNull(sessions.revokedAt), gte(sessions.expiresAt, now))
  const [found] = await db.batch([
    statement(
      build
        .select({ userId: sessions.userId })
        .from(sessions)
        .crossJoin(users)
        .where(and(isLive, eq(users.id, sessions.userId), eq(users.isActive, true))),
    ),
    statement(
      build
        .update(sessions)
        .set({ lastUsedAt: now })
        .where(and(isLive, lt(sessions.lastUsedAt, now - USE_RECORDED_EVERY_MS))),
    ),
  ])
  return found[0]?.userId
}

/** Ends one session. */
export const revokeSessionStatement = (userId: number, name: string, now: number) =>
  revokeStatement(userId, sessionNamed(name), now)

/** Ends all sessions of a user, save the one named `except`. */
export const revokeSessionsStatement = (userId: number | SQL, except: string | undefined, now: number) =>
  revokeStatement(userId, except === undefined ? undefined : not(sessionNamed(except)), now)

const revokeStatement = (userId: number | SQL, which: SQL | undefined, now: number) =>
  statement(
    build
      .update(sessions)
      .set({ revokedAt: now })
      .where(and(eq(sessions.userId, userId), which, isNull(sessions.revokedAt))),
  )

/** The statement that leaves a user the newest sessions: their refresh tokens are good no more. Reads a row for each. */
export const deleteOldestSessionsStatement = (userId: number) =>
  statement(
    build
      .delete(sessions)
      .where(
        sql`rowid in (select rowid from sessions where user_id = ${userId} order by rowid desc limit -1 offset ${MAX_SESSIONS})`,
      ),
  )

/** The statement that forgets sessions that have run out, so many of them. Gives one row for each. */
export const deleteExpiredSessionsStatement = (now: number, limit: number) =>
  statement(
    build
      .delete(sessions)
      .where(
        sql`rowid in (select rowid from sessions where expires_at < ${now} order by expires_at limit ${limit})`,
      )
      .returning({ userId: sessions.userId }),
  )
