/**
 * Sessions and their tokens. A session has a key, of which only the hash is stored. Its refresh tokens begin with that key, its access tokens with
 * the session's name.
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
  /** How long a session lasts if it is not used. */
  refreshSeconds: number
  /** The longest that a session may last, from its creation. */
  sessionSeconds: number
}

export interface IssuedToken {
  token: string
  /** For how long it is valid. */
  seconds: number
}

export interface NewSession {
  /** Only refresh tokens contain it. */
  key: string
  /** The key's hash, which is stored. */
  jtiHash: string
  /** How long the session lasts unless it is used. */
  seconds: number
}

export async function newSession({ refreshSeconds, sessionSeconds }: TokenSettings): Promise<NewSession> {
  const key = randomId()
  return { key, jtiHash: await sha256(key), seconds: Math.min(refreshSeconds, sessionSeconds) }
}

/** The key at the beginning of a refresh token's `jti`. The rest only distinguishes the session's tokens. */
const keyOf = (jti: string): string => jti.split('.', 1)[0] ?? ''

/** The stored hash of the session that a refresh token with this `jti` belongs to. */
export const sessionHash = (jti: string): Promise<string> => sha256(keyOf(jti))

/** Issues both tokens of a session that was just stored. */
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

/** `why` is given if it says more than that the token is invalid or expired. */
export type Refreshed =
  | {
      ok: true
      userId: number
      session: string
      access: IssuedToken
      /** A new refresh token for the same session, after half of the old one's lifetime. */
      refresh?: IssuedToken
    }
  | { ok: false; why: string | undefined }

/**
 * Issues an access token for a refresh token whose session is live and whose user is active. The refresh token stays valid until it expires, because
 * clients send it several times in parallel, lose answers, or ignore a new one. One D1 call.
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

/** A token without `iat` counts as old. */
const isHalfSpentAt = ({ iat = 0, exp }: Claims, now: number) => now / 1000 >= (iat + exp) / 2

/** The types of tokens that sign a user in. */
const USABLE: ReadonlySet<string | undefined> = new Set(['access', 'refresh'])

/**
 * Whether a token can be used: it is valid, its user is active, and its session, if it names one, has not ended. One D1 call; none if the token
 * itself is invalid.
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
