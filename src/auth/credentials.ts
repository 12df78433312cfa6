/** Who sends a request: the holder of its bearer token, else of its cookies. */
import type { Context } from 'hono'
import { createMiddleware } from 'hono/factory'
import { activeUserStatement } from '../db/client'
import { sessionOf } from '../db/session-names'
import { config } from '../http/config'
import type { AppEnv, UserEnv, Viewer } from '../http/env'
import { ApiError, accessTokenNotValid } from '../http/errors'
import { isForeignEmbed, refuseForeignOrigin } from '../http/origins'
import {
  accessCookie,
  clearAccessCookie,
  clearRefreshCookie,
  refreshCookie,
  setAccessCookie,
  setRefreshCookie,
} from './cookies'
import { refreshAccess } from './sessions'
import { verifyToken, wrongType } from './tokens'

/**
 * Finds the viewer, if there is one. A bad credential is a 401 even on routes that need none, and so is one whose session has ended: that is
 * seen inside the batch that the request sends anyway. Makes no D1 call of its own but for a browser that has only its refresh cookie left,
 * once in the lifetime of an access token, and for what was done without asking D1, which must not be done for an ended session either.
 */
export const authenticate = createMiddleware<AppEnv>(async (c, next) => {
  // Somebody who is admitted where they are in front of this, and nowhere else (`suspended.ts`).
  if (c.var.viewer) return next()
  const viewer = await findViewer(c)
  c.set('viewer', viewer)
  if (!viewer) return next()
  const { db } = c.var
  const user = { userId: viewer.id, session: viewer.session }
  c.set('db', db.forUser(user))
  await next()
  if (c.res.ok && db.usage.calls === 0) await db.batch([activeUserStatement(user)])
})

/** Lets only signed-in users pass; the routes behind it have `c.var.user`. */
export const requireUser = createMiddleware<UserEnv>(async (c, next) => {
  if (!c.var.viewer) throw new ApiError('not_authenticated')
  c.set('user', c.var.viewer)
  await next()
})

async function findViewer(c: Context<AppEnv>): Promise<Viewer | undefined> {
  const header = c.req.header('authorization')
  // As in the original, any Authorization header, even of another scheme, means that cookies are ignored.
  if (header !== undefined) {
    const token = bearerToken(header)
    return token === undefined ? undefined : checkToken(c, token, 'bearer')
  }
  const offered = protocolToken(c)
  if (offered !== undefined) return checkToken(c, offered, 'bearer')
  if (isForeignEmbed(c)) return undefined
  const token = accessCookie(c)
  if (token !== undefined) {
    refuseForeignOrigin(c)
    return checkToken(c, token, 'cookie')
  }
  const refresh = refreshCookie(c)
  return refresh === undefined ? undefined : renew(c, refresh)
}

/**
 * The token that a page without cookies offers as the subprotocol after `bearer`, because browsers cannot set headers on a WebSocket.
 * It must not be in the URL, which ends up in logs.
 */
function protocolToken(c: Context<AppEnv>): string | undefined {
  if (c.req.header('upgrade')?.toLowerCase() !== 'websocket') return undefined
  const [protocol, token] = (c.req.header('sec-websocket-protocol') ?? '')
    .split(',')
    .map((part) => part.trim())
  return protocol === 'bearer' && token ? token : undefined
}

/** The token of a Bearer header (RFC 6750, 2.1); undefined for any other scheme. Throws `bad_authorization_header`. */
export function bearerToken(header: string): string | undefined {
  const [scheme, token, ...more] = header.trim().split(/\s+/)
  if (scheme !== 'Bearer') return undefined
  if (token === undefined || more.length > 0) throw new ApiError('bad_authorization_header')
  return token
}

async function checkToken(c: Context<AppEnv>, token: string, via: Viewer['via']): Promise<Viewer> {
  const claims = await verifyToken(config(c.env).jwtSecrets, token)
  if (claims?.token_type !== 'access') {
    throw accessTokenNotValid(claims ? wrongType(claims) : 'Token is invalid or expired')
  }
  if (claims.user_id === undefined) {
    throw new ApiError('token_not_valid', { detail: 'Token contained no recognizable user identification' })
  }
  return { id: claims.user_id, via, session: sessionOf(claims.jti), expiresAt: claims.exp * 1000 }
}

/** Signs in a browser whose access cookie has expired, and sets a new one. A bad refresh cookie is ignored, not refused. */
async function renew(c: Context<AppEnv>, token: string): Promise<Viewer | undefined> {
  const refreshed = await refreshAccess(c.var.db, config(c.env), token)
  if (!refreshed.ok) {
    // Otherwise it would cost a D1 call with every request for as long as the browser keeps it.
    clearRefreshCookie(c)
    return undefined
  }
  refuseForeignOrigin(c)
  setAccessCookie(c, refreshed.access)
  if (refreshed.refresh) setRefreshCookie(c, refreshed.refresh)
  const expiresAt = Date.now() + refreshed.access.seconds * 1000
  return { id: refreshed.userId, via: 'cookie', session: refreshed.session, expiresAt }
}

/** Clears the cookie that caused a 401, which the browser would otherwise go on sending. */
export function clearBadCookies(c: Context<AppEnv>, error: ApiError): void {
  if (error.status !== 401 || c.req.header('authorization') !== undefined) return
  if (accessCookie(c) !== undefined) clearAccessCookie(c)
  if (error.code === 'user_not_found' || error.code === 'user_inactive') clearRefreshCookie(c)
}
