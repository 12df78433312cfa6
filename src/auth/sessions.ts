/** Sessions: rows that stand for refresh tokens, so that these can be taken back. */
import { and, eq, isNull, lt, not, type SQL, sql } from 'drizzle-orm'
import { randomId, sha256 } from '../crypto'
import type { Db } from '../db/client'
import { sessions } from '../db/schema'
import { signToken, verifyToken } from './tokens'

interface Lifetimes {
  jwtSecrets: readonly [string, ...string[]]
  accessSeconds: number
  refreshSeconds: number
}

/** `last_used_at` is a record for people, not a counter: it is not written more often than this. */
const USE_RECORDED_EVERY = 60_000
const NAME_LENGTH = 16

export interface NewSession {
  jti: string
  jtiHash: string
}

export async function newSession(): Promise<NewSession> {
  const jti = randomId()
  return { jti, jtiHash: await sha256(jti) }
}

/** The statement that makes a session live. `userId` may be SQL that finds the user in the same batch. */
export function insertSession(
  db: Db,
  session: NewSession,
  {
    userId,
    userAgent,
    seconds,
    now,
  }: { userId: number | SQL<number>; userAgent: string; seconds: number; now: number },
) {
  return db.build.insert(sessions).values({
    jtiHash: session.jtiHash,
    userId,
    userAgent: userAgent.slice(0, 300),
    createdAt: now,
    lastUsedAt: now,
    expiresAt: now + seconds * 1000,
  })
}

/** Both tokens of a session that was just made. */
export async function issueTokens(settings: Lifetimes, session: NewSession, userId: number) {
  return {
    access: await issueAccessToken(settings, session.jtiHash, userId),
    refresh: await signToken(settings.jwtSecrets[0], {
      type: 'refresh',
      jti: session.jti,
      userId,
      seconds: settings.refreshSeconds,
    }),
  }
}

export function issueAccessToken(settings: Lifetimes, jtiHash: string, userId: number): Promise<string> {
  return signToken(settings.jwtSecrets[0], {
    type: 'access',
    jti: `${sessionName(jtiHash)}.${randomId()}`,
    userId,
    seconds: settings.accessSeconds,
  })
}

/** What a session is called in access tokens: enough of its key to find it, too little to be one. */
export const sessionName = (jtiHash: string): string => jtiHash.slice(0, NAME_LENGTH)

/** The name of the session that an access token belongs to; undefined for a token made elsewhere. */
export const sessionOf = (jti: string): string | undefined => /^([0-9a-f]{16})\./.exec(jti)?.[1]

export type Refreshed =
  | { ok: true; userId: number; session: string; access: string }
  | { ok: false; why: 'invalid' | 'wrong_type' }

/**
 * A new access token for a refresh token whose session is live and whose user is active. The refresh token stays
 * good: clients send it in parallel. One D1 call, 3 rows read, at most one written a minute.
 */
export async function refreshAccess(db: Db, settings: Lifetimes, token: string): Promise<Refreshed> {
  const claims = await verifyToken(settings.jwtSecrets, token)
  if (!claims) return { ok: false, why: 'invalid' }
  if (claims.token_type !== 'refresh') return { ok: false, why: 'wrong_type' }
  const now = Date.now()
  const jtiHash = await sha256(claims.jti)
  const live = sql`jti_hash = ${jtiHash} and revoked_at is null and expires_at >= ${now}`
  const [found] = await db.batch([
    db.rows<{ userId: number }>(sql`select user_id as "userId" from sessions
      cross join users on users.id = sessions.user_id and users.is_active where ${live}`),
    db.rows<never>(sql`update sessions set last_used_at = ${now}
      where ${live} and last_used_at < ${now - USE_RECORDED_EVERY}`),
  ])
  const userId = found[0]?.userId
  if (userId === undefined || userId !== claims.user_id) return { ok: false, why: 'invalid' }
  return {
    ok: true,
    userId,
    session: sessionName(jtiHash),
    access: await issueAccessToken(settings, jtiHash, userId),
  }
}

/** The statement that ends one session, by name. */
export function revokeSession(db: Db, userId: number, name: string, now: number) {
  return revoke(db, and(eq(sessions.userId, userId), isNamed(name)), now)
}

/** The statement that ends all sessions of a user but, where given, the named one. */
export function revokeSessions(db: Db, userId: number | SQL, except: string | undefined, now: number) {
  return revoke(
    db,
    and(eq(sessions.userId, userId), except === undefined ? undefined : not(isNamed(except))),
    now,
  )
}

/** The statement that forgets sessions past their end. */
export const deleteExpiredSessions = (db: Db, now: number) =>
  db.build.delete(sessions).where(lt(sessions.expiresAt, now))

const revoke = (db: Db, which: SQL | undefined, now: number) =>
  db.build
    .update(sessions)
    .set({ revokedAt: now })
    .where(and(which, isNull(sessions.revokedAt)))

/** A name is the beginning of the key, so the key's index finds it. */
const isNamed = (name: string): SQL =>
  sql`(${sessions.jtiHash} >= ${name} and ${sessions.jtiHash} < ${`${name}g`})`
