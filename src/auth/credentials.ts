/** Who is asking: a bearer token, else cookies. */
import type { Context } from 'hono'
import { createMiddleware } from 'hono/factory'
import { config } from '../http/config'
import type { AppEnv, RequestContext, UserEnv, Viewer } from '../http/env'
import { ApiError } from '../http/errors'
import { SAFE_METHODS } from '../http/methods'
import {
  accessCookie,
  clearAccessCookie,
  clearRefreshCookie,
  refreshCookie,
  setAccessCookie,
} from './cookies'
import { refreshAccess, sessionOf } from './sessions'
import { verifyToken } from './tokens'

/**
 * Finds the viewer, if any; 401 for a credential that is bad, also where none is needed. No D1 call, except once
 * in an access token's life for a browser that has only its refresh cookie left.
 */
export const authenticate = createMiddleware<AppEnv>(async (c, next) => {
  const viewer = await findViewer(c)
  c.set('viewer', viewer)
  if (viewer) c.set('db', c.var.db.as(viewer.id))
  await next()
})

/** Behind this, `c.var.user` is somebody. */
export const requireUser = createMiddleware<UserEnv>(async (c, next) => {
  if (!c.var.viewer) throw new ApiError('not_authenticated')
  c.set('user', c.var.viewer)
  await next()
})

async function findViewer(c: Context<AppEnv>): Promise<Viewer | undefined> {
  const header = c.req.header('authorization')
  // As in the original: any Authorization header, even of another scheme, puts the cookies out of play.
  if (header !== undefined) {
    const token = bearerToken(header)
    return token === undefined ? undefined : checkToken(c, token, 'bearer')
  }
  const offered = protocolToken(c)
  if (offered !== undefined) return checkToken(c, offered, 'bearer')
  const token = accessCookie(c)
  if (token !== undefined) {
    refuseForeignOrigin(c)
    return checkToken(c, token, 'cookie')
  }
  const refresh = refreshCookie(c)
  return refresh === undefined ? undefined : renew(c, refresh)
}

/**
 * A browser cannot set headers on a WebSocket, so a page without cookies offers its token as a second subprotocol after
 * `bearer`. Never in a URL, which ends up in logs.
 */
function protocolToken(c: Context<AppEnv>): string | undefined {
  if (c.req.header('upgrade')?.toLowerCase() !== 'websocket') return undefined
  const [protocol, token] = (c.req.header('sec-websocket-protocol') ?? '')
    .split(',')
    .map((part) => part.trim())
  return protocol === 'bearer' && token ? token : undefined
}

/** The token of a Bearer header; undefined where the scheme is another. RFC 6750, 2.1. */
export function bearerToken(header: string): string | undefined {
  const [scheme, token, ...more] = header.trim().split(/\s+/)
  if (scheme !== 'Bearer') return undefined
  if (token === undefined || more.length > 0) throw new ApiError('bad_authorization_header')
  return token
}

async function checkToken(c: Context<AppEnv>, token: string, via: Viewer['via']): Promise<Viewer> {
  const claims = await verifyToken(config(c.env).jwtSecrets, token)
  if (claims?.token_type !== 'access') {
    throw tokenNotValid(claims ? 'Token has wrong type' : 'Token is invalid or expired')
  }
  if (claims.user_id === undefined) {
    throw new ApiError('token_not_valid', { detail: 'Token contained no recognizable user identification' })
  }
  return { id: claims.user_id, via, session: sessionOf(claims.jti), expiresAt: claims.exp * 1000 }
}

const tokenNotValid = (message: string) =>
  new ApiError('token_not_valid', {
    detail: 'Given token not valid for any token type',
    extra: { messages: [{ token_class: 'AccessToken', token_type: 'access', message }] },
  })

/** Signs in a browser whose access cookie ran out, and gives it a new one. A bad refresh cookie is no credential. */
async function renew(c: Context<AppEnv>, token: string): Promise<Viewer | undefined> {
  const refreshed = await refreshAccess(c.var.db, config(c.env), token)
  if (!refreshed.ok) {
    // Kept, it would be looked up again with every request for as long as the browser has it.
    clearRefreshCookie(c)
    return undefined
  }
  refuseForeignOrigin(c)
  setAccessCookie(c, refreshed.access)
  const expiresAt = Date.now() + config(c.env).accessSeconds * 1000
  return { id: refreshed.userId, via: 'cookie', session: refreshed.session, expiresAt }
}

/**
 * Browsers send cookies wherever a request comes from, so one that changes something must come from a page that
 * we know: ours or one of CLIENT_ORIGINS. Clients that send neither header are no browsers.
 */
export function refuseForeignOrigin(c: RequestContext): void {
  if (!SAFE_METHODS.has(c.req.method)) requireKnownOrigin(c)
}

/** The same whatever the method: opening a socket is a GET, and browsers let any page do it. */
export function requireKnownOrigin(c: RequestContext): void {
  const origin = c.req.header('origin')
  const site = c.req.header('sec-fetch-site')
  const known =
    origin === undefined
      ? site === undefined || site === 'same-origin' || site === 'none'
      : origin === new URL(c.req.url).origin || config(c.env).clientOrigins.has(origin)
  if (!known) throw new ApiError('permission_denied')
}

/** After a 401, a browser must not go on sending the cookie that caused it. */
export function clearBadCookies(c: Context<AppEnv>, error: ApiError): void {
  if (error.status !== 401 || c.req.header('authorization') !== undefined) return
  if (accessCookie(c) !== undefined) clearAccessCookie(c)
  if (error.code === 'user_not_found' || error.code === 'user_inactive') clearRefreshCookie(c)
}
