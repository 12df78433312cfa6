/** `/dj-rest-auth`: what works without being signed in, and ignores credentials that it does not need. */
import { Hono } from 'hono'
import { sha256 } from '../crypto'
import { body } from '../http/body'
import { config } from '../http/config'
import type { AppEnv } from '../http/env'
import { ApiError, ValidationError } from '../http/errors'
import { pictureUrls } from '../images/url'
import {
  accessCookie,
  clearAccessCookie,
  clearRefreshCookie,
  refreshCookie,
  setAccessCookie,
  setRefreshCookie,
} from './cookies'
import { bearerToken, refuseForeignOrigin } from './credentials'
import { hashPassword, verifyPassword } from './password'
import { findByUsername, startSession } from './queries'
import { collectTaken, register } from './registration'
import { loginBody, refreshBody, registrationBody, verifyBody, verifyEmailBody } from './schemas'
import { issueTokens, newSession, refreshAccess, revokeSession, sessionName, sessionOf } from './sessions'
import { verifyToken } from './tokens'
import { accountView } from './view'

export const authRoutes = new Hono<AppEnv>()
  .post('/login', body(loginBody), async (c) => {
    const { username, password } = c.req.valid('json')
    if (!username)
      throw new ValidationError({ non_field_errors: ['Must include "username" and "password".'] })
    const { db } = c.var
    const user = await findByUsername(db, username)
    const { matches, outdated } = await verifyPassword(user?.passwordHash, password)
    if (!user || !matches) {
      throw new ValidationError({ non_field_errors: ['Unable to log in with provided credentials.'] })
    }
    const settings = config(c.env)
    const session = await newSession()
    await startSession(db, user.id, {
      session,
      userAgent: c.req.header('user-agent') ?? '',
      refreshSeconds: settings.refreshSeconds,
      now: Date.now(),
      passwordHash: outdated ? await hashPassword(password) : undefined,
    })
    const { access, refresh } = await issueTokens(settings, session, user.id)
    setAccessCookie(c, access)
    setRefreshCookie(c, refresh)
    return c.json({ access_token: access, refresh_token: refresh, user: accountView(user, pictureUrls(c)) })
  })

  .post('/logout', async (c) => {
    const access = accessCookie(c)
    const refresh = refreshCookie(c)
    const header = c.req.header('authorization')
    if (header === undefined && (access ?? refresh) !== undefined) refuseForeignOrigin(c)
    const { jwtSecrets } = config(c.env)
    for (const token of [header && quietly(() => bearerToken(header)), access, refresh]) {
      const claims = token ? await verifyToken(jwtSecrets, token) : undefined
      if (claims?.user_id === undefined) continue
      const session =
        claims.token_type === 'refresh' ? sessionName(await sha256(claims.jti)) : sessionOf(claims.jti)
      if (session === undefined) continue
      await c.var.db.batch([revokeSession(c.var.db, claims.user_id, session, Date.now())])
      c.set('endedSessions', { userId: claims.user_id, session })
      break
    }
    clearAccessCookie(c)
    clearRefreshCookie(c)
    return c.json({ detail: 'Successfully logged out.' })
  })

  .post('/registration', body(registrationBody, { before: collectTaken }), async (c) => {
    const { account, access, refresh } = await register(c.var.db, config(c.env), {
      ...c.req.valid('json'),
      userAgent: c.req.header('user-agent') ?? '',
    })
    return c.json(
      { access_token: access, refresh_token: refresh, user: accountView(account, pictureUrls(c)) },
      201,
    )
  })

  // Addresses are not verified, so no key was ever sent to anybody.
  .post('/registration/verify-email', body(verifyEmailBody), () => {
    throw new ApiError('not_found')
  })

  .post('/token/refresh', body(refreshBody), async (c) => {
    const { refresh } = c.req.valid('json')
    if (refresh === undefined) refuseForeignOrigin(c)
    const token = refresh ?? refreshCookie(c)
    if (token === undefined)
      throw new ApiError('token_not_valid', { detail: 'No valid refresh token found.' })
    const settings = config(c.env)
    const refreshed = await refreshAccess(c.var.db, settings, token)
    if (!refreshed.ok) {
      if (refresh === undefined) clearRefreshCookie(c)
      throw new ApiError(
        'token_not_valid',
        refreshed.why === 'wrong_type' ? { detail: 'Token has wrong type' } : {},
      )
    }
    setAccessCookie(c, refreshed.access)
    const expires = new Date(Date.now() + settings.accessSeconds * 1000)
    return c.json({ access: refreshed.access, access_token_expiration: expires.toISOString() })
  })

  .post('/token/verify', body(verifyBody), async (c) => {
    const claims = await verifyToken(config(c.env).jwtSecrets, c.req.valid('json').token)
    if (!claims) throw new ApiError('token_not_valid')
    return c.json({})
  })

/** Signing out works with whatever somebody still has. */
function quietly<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}
