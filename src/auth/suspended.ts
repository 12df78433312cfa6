/**
 * Suspended users: they cannot sign in, but may still read what moderators did, and appeal. With the right password, the answer says that the account
 * is suspended, and contains a token for `/moderation/notices` and nothing else.
 */
import { createMiddleware } from 'hono/factory'
import { randomId } from '../crypto'
import { config } from '../http/config'
import { isoDate } from '../http/dates'
import type { AppEnv, RequestContext } from '../http/env'
import type { FieldErrors } from '../http/errors'
import { bearerToken } from './credentials'
import { findSuspension } from './suspension-queries'
import { signToken, verifyToken } from './tokens'

const TOKEN_SECONDS = 3_600
/** The latest time with a four-digit year. */
const LATEST = Date.UTC(9999, 11, 31)

/** The error for a suspended user whose password was right; undefined if the user is not suspended. One D1 call. */
export async function suspensionErrors(c: RequestContext, userId: number): Promise<FieldErrors | undefined> {
  const until = await findSuspension(c.var.db, userId)
  if (until === undefined) return undefined
  const [secret] = config(c.env).jwtSecrets
  const token = { type: 'notices', jti: randomId(), userId, seconds: TOKEN_SECONDS } as const
  return {
    non_field_errors: [
      until > LATEST ? 'This account is banned.' : `This account is suspended until ${isoDate(until)}.`,
    ],
    notices_token: [await signToken(secret, token)],
  }
}

/** Accepts a `notices` token. Must come before `authenticate`, and only on the routes that such a token opens. */
export const admitSuspended = createMiddleware<AppEnv>(async (c, next) => {
  const header = c.req.header('authorization')
  const token = header && bearerToken(header)
  const claims = token ? await verifyToken(config(c.env).jwtSecrets, token) : undefined
  if (claims?.token_type === 'notices' && claims.user_id !== undefined) {
    const id = claims.user_id
    c.set('viewer', { id, via: 'bearer', session: undefined, expiresAt: claims.exp * 1000 })
    c.set('db', c.var.db.forUser({ userId: id, mayBeSuspended: true }))
  }
  await next()
})
