/** The two cookies that hold a browser's tokens. */
import type { Context } from 'hono'
import { getCookie, setCookie } from 'hono/cookie'
import type { CookieOptions } from 'hono/utils/cookie'
import { config } from '../http/config'
import type { AppEnv } from '../http/env'

/** Named as the original names them: front ends look for these. */
export const ACCESS_COOKIE = 'my-app-auth'
export const REFRESH_COOKIE = 'my-refresh-token'

/** A browser may send a cleared cookie back empty, which counts as none. */
export const accessCookie = (c: Context<AppEnv>) => getCookie(c, ACCESS_COOKIE) || undefined
export const refreshCookie = (c: Context<AppEnv>) => getCookie(c, REFRESH_COOKIE) || undefined

export function setAccessCookie(c: Context<AppEnv>, token: string): void {
  setCookie(c, ACCESS_COOKIE, token, cookieAttributes(c, config(c.env).accessSeconds))
}

export function setRefreshCookie(c: Context<AppEnv>, token: string): void {
  setCookie(c, REFRESH_COOKIE, token, cookieAttributes(c, config(c.env).refreshSeconds))
}

export const clearAccessCookie = (c: Context<AppEnv>) =>
  setCookie(c, ACCESS_COOKIE, '', cookieAttributes(c, 0))
export const clearRefreshCookie = (c: Context<AppEnv>) =>
  setCookie(c, REFRESH_COOKIE, '', cookieAttributes(c, 0))

/** Front ends on other sites need SameSite=None, which browsers accept only with Secure, and so only over HTTPS. */
export function cookieAttributes(c: Context<AppEnv>, maxAgeSeconds: number): CookieOptions {
  const https = c.req.url.startsWith('https:')
  return {
    path: '/',
    httpOnly: true,
    maxAge: maxAgeSeconds,
    ...(https ? { sameSite: 'None', secure: true } : { sameSite: 'Lax' }),
  }
}
