/** Sessions and their tokens: a refresh token is the session's key, access tokens bear its name. */
import { randomId, sha256 } from '../crypto'
import type { Db } from '../db/client'
import { sessionName } from '../db/session-names'
import { touchSession } from './session-queries'
import { signToken, verifyToken, wrongType } from './tokens'

interface TokenSettings {
  jwtSecrets: readonly [string, ...string[]]
  accessSeconds: number
  refreshSeconds: number
}

export interface NewSession {
  /** Goes into the refresh token and nowhere else. */
  jti: string
  /** What is stored instead. */
  jtiHash: string
}

export async function newSession(): Promise<NewSession> {
  const jti = randomId()
  return { jti, jtiHash: await sha256(jti) }
}

/** Both tokens of a session that was just stored. */
export async function issueTokens(settings: TokenSettings, session: NewSession, userId: number) {
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

const issueAccessToken = (settings: TokenSettings, jtiHash: string, userId: number): Promise<string> =>
  signToken(settings.jwtSecrets[0], {
    type: 'access',
    jti: `${sessionName(jtiHash)}.${randomId()}`,
    userId,
    seconds: settings.accessSeconds,
  })

/** `why` is said where it is more than that the token is invalid or expired. */
export type Refreshed =
  | { ok: true; userId: number; session: string; access: string }
  | { ok: false; why: string | undefined }

/**
 * A new access token for a refresh token whose session is live and whose user is active. The refresh token stays good, because
 * clients send it several times in parallel. One D1 call.
 */
export async function refreshAccess(db: Db, settings: TokenSettings, token: string): Promise<Refreshed> {
  const claims = await verifyToken(settings.jwtSecrets, token)
  if (!claims) return { ok: false, why: undefined }
  if (claims.token_type !== 'refresh') return { ok: false, why: wrongType(claims) }
  const jtiHash = await sha256(claims.jti)
  const userId = await touchSession(db, jtiHash, Date.now())
  if (userId === undefined || userId !== claims.user_id) return { ok: false, why: undefined }
  return {
    ok: true,
    userId,
    session: sessionName(jtiHash),
    access: await issueAccessToken(settings, jtiHash, userId),
  }
}
