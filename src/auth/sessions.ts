/**
 * Sessions and their tokens. A session has a key, which is stored as a hash only; its refresh tokens begin with that key, its access tokens with
 * the name of the session.
 */
import { randomId, sha256 } from '../crypto'
import { activeUserStatement, type Db } from '../db/client'
import { isSignedOut } from '../db/errors'
import { sessionName, sessionOf } from '../db/session-names'
import { touchSession } from './session-queries'
import { type Claims, signToken, type TokenType, verifyToken, wrongType } from './tokens'

export interface TokenSettings {
  jwtSecrets: readonly [string, ...string[]]
  accessSeconds: number
  /** How long a session lasts that is not used. */
  refreshSeconds: number
  /** How long it lasts at most, from its beginning. */
  sessionSeconds: number
}

export interface IssuedToken {
  token: string
  /** How long it is good for. */
  seconds: number
}

export interface NewSession {
  /** Goes into refresh tokens and nowhere else. */
  key: string
  /** What is stored instead. */
  jtiHash: string
  /** How long it lasts unless it is used. */
  seconds: number
}

export async function newSession({ refreshSeconds, sessionSeconds }: TokenSettings): Promise<NewSession> {
  const key = randomId()
  return { key, jtiHash: await sha256(key), seconds: Math.min(refreshSeconds, sessionSeconds) }
}

/** The key that a refresh token's `jti` begins with. What follows only tells one token of the session from the next. */
const keyOf = (jti: string): string => jti.split('.', 1)[0] ?? ''

/** What is stored of the session that a refresh token with this `jti` belongs to. */
export const sessionHash = (jti: string): Promise<string> => sha256(keyOf(jti))

/** Both tokens of a session that was just stored. */
export async function issueTokens(settings: TokenSettings, session: NewSession, userId: number) {
  const { key, jtiHash, seconds } = session
  return {
    access: await issueAccessToken(settings, jtiHash, userId, seconds),
    refresh: await issue(settings, { type: 'refresh', jti: key, userId, seconds }),
  }
}

const issueAccessToken = (
  settings: TokenSettings,
  jtiHash: string,
  userId: number,
  sessionSeconds: number,
): Promise<IssuedToken> =>
  issue(settings, {
    type: 'access',
    jti: `${sessionName(jtiHash)}.${randomId()}`,
    userId,
    seconds: Math.min(settings.accessSeconds, sessionSeconds),
  })

async function issue(
  { jwtSecrets }: TokenSettings,
  token: { type: TokenType; jti: string; userId: number; seconds: number },
): Promise<IssuedToken> {
  return { token: await signToken(jwtSecrets[0], token), seconds: token.seconds }
}

/** `why` is said where it is more than that the token is invalid or expired. */
export type Refreshed =
  | {
      ok: true
      userId: number
      session: string
      access: IssuedToken
      /** Another for the same session, once half of this one's time is over. */
      refresh?: IssuedToken
    }
  | { ok: false; why: string | undefined }

/**
 * A new access token for a refresh token whose session is live and whose user is active. The refresh token stays good to its own end, because
 * clients send it several times in parallel, lose answers, and may know nothing of a fresh one. One D1 call.
 */
export async function refreshAccess(db: Db, settings: TokenSettings, token: string): Promise<Refreshed> {
  const claims = await verifyToken(settings.jwtSecrets, token)
  if (!claims) return { ok: false, why: undefined }
  if (claims.token_type !== 'refresh') return { ok: false, why: wrongType(claims) }
  const jtiHash = await sessionHash(claims.jti)
  const now = Date.now()
  const isHalfSpent = isHalfSpentAt(claims, now)
  const session = await touchSession(db, jtiHash, now, isHalfSpent ? settings : undefined)
  if (!session || session.userId !== claims.user_id) return { ok: false, why: undefined }
  const { userId } = session
  const seconds = Math.max(1, Math.floor((session.expiresAt - now) / 1000))
  const isLonger = session.expiresAt > (claims.exp + 1) * 1000
  const access = await issueAccessToken(settings, jtiHash, userId, seconds)
  const refreshed = { ok: true, userId, session: sessionName(jtiHash), access } as const
  if (!isHalfSpent || !isLonger) return refreshed
  const jti = `${keyOf(claims.jti)}.${randomId()}`
  return { ...refreshed, refresh: await issue(settings, { type: 'refresh', jti, userId, seconds }) }
}

/** A token that does not say when it was issued is taken to be old. */
const isHalfSpentAt = ({ iat = 0, exp }: Claims, now: number) => now / 1000 >= (iat + exp) / 2

/** Types of tokens that sign somebody in. */
const USABLE: ReadonlySet<string | undefined> = new Set(['access', 'refresh'])

/**
 * Whether a token can be used for what it is for: it is valid, its user is active, and its session, if it names one, has not ended. One D1
 * call, none where the token alone says no.
 */
export async function isGood(db: Db, secrets: readonly string[], token: string): Promise<boolean> {
  const claims = await verifyToken(secrets, token)
  if (claims?.user_id === undefined || !USABLE.has(claims.token_type)) return false
  const session =
    claims.token_type === 'refresh' ? sessionName(await sessionHash(claims.jti)) : sessionOf(claims.jti)
  try {
    await db.batch([activeUserStatement({ userId: claims.user_id, session })])
    return true
  } catch (error) {
    if (isSignedOut(error)) return false
    throw error
  }
}
