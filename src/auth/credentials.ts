/** Identifies the sender of a request, by its bearer token or else by its cookies. */
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
 * Identifies the viewer, if there is one. Bad credentials cause a 401 even on routes that need none. So does an ended session, which is detected in
 * the batch that the request sends anyway. Makes a D1 call of its own in two cases only: for a browser that only has its refresh cookie left, once in
 * an access token's lifetime; and after a request that did not use D1, which must not succeed for an ended session either.
 */
export const authenticate = createMiddleware<AppEnv>(async (c, next) => {
  // `admitSuspended` (`suspended.ts`) has already set the viewer.
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

/** Requires a signed-in user, whom it stores as `c.var.user`. */
export const requireUser = createMiddleware<UserEnv>(async (c, next) => {
  if (!c.var.viewer) throw new ApiError('not_authenticated')
  c.set('user', c.var.viewer)
  await next()
})

async function findViewer(c: Context<AppEnv>): Promise<Viewer | undefined> {
  const header = c.req.header('authorization')
  // As in the original, any Authorization header, whatever its scheme, makes the service ignore cookies.
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
 * The token that a page without cookies sends as the subprotocol after `bearer`, because browsers cannot set headers on a WebSocket. It must not be
 * in the URL, which is logged.
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
    // Otherwise each request would cost a D1 call for as long as the browser keeps the cookie.
    clearRefreshCookie(c)
    return undefined
  }
  refuseForeignOrigin(c)
  setAccessCookie(c, refreshed.access)
  if (refreshed.refresh) setRefreshCookie(c, refreshed.refresh)
  const expiresAt = Date.now() + refreshed.access.seconds * 1000
  return { id: refreshed.userId, via: 'cookie', session: refreshed.session, expiresAt }
}

/** Clears the cookie that caused a 401, because the browser would keep sending it. */
export function clearBadCookies(c: Context<AppEnv>, error: ApiError): void {
  if (error.status !== 401 || c.req.header('authorization') !== undefined) return
  if (accessCookie(c) !== undefined) clearAccessCookie(c)
  if (error.code === 'user_not_found' || error.code === 'user_inactive') clearRefreshCookie(c)
}
