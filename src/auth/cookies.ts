/** The two cookies in which browsers keep their tokens. */
import type { Context } from 'hono'
import { getCookie, setCookie } from 'hono/cookie'
import type { CookieOptions } from 'hono/utils/cookie'
import { config } from '../http/config'
import type { AppEnv } from '../http/env'

const ACCESS = 'my-app-auth'
const REFRESH = 'my-refresh-token'

/** A cookie that was cleared may come back empty: that is none. */
export const accessCookie = (c: Context<AppEnv>) => getCookie(c, ACCESS) || undefined
export const refreshCookie = (c: Context<AppEnv>) => getCookie(c, REFRESH) || undefined

export function setAccessCookie(c: Context<AppEnv>, token: string): void {
  setCookie(c, ACCESS, token, attributes(c, config(c.env).accessSeconds))
}

export function setRefreshCookie(c: Context<AppEnv>, token: string): void {
  setCookie(c, REFRESH, token, attributes(c, config(c.env).refreshSeconds))
}

export const clearAccessCookie = (c: Context<AppEnv>) => setCookie(c, ACCESS, '', attributes(c, 0))
export const clearRefreshCookie = (c: Context<AppEnv>) => setCookie(c, REFRESH, '', attributes(c, 0))

/** Front ends of other sites need SameSite=None, which browsers take with Secure only: not on plain http. */
function attributes(c: Context<AppEnv>, maxAge: number): CookieOptions {
  const https = c.req.url.startsWith('https:')
  return {
    path: '/',
    httpOnly: true,
    maxAge,
    ...(https ? { sameSite: 'None', secure: true } : { sameSite: 'Lax' }),
  }
}
