/** Cookies; two of them hold a browser's tokens. */
import type { Context } from 'hono'
import { getCookie } from 'hono/cookie'
import { serialize } from 'hono/utils/cookie'
import type { AppEnv, RequestContext } from '../http/env'
import { isKnownPage } from '../http/origins'
import type { IssuedToken } from './sessions'

/** The original's names, which existing front ends look for. */
export const ACCESS_COOKIE = 'my-app-auth'
export const REFRESH_COOKIE = 'my-refresh-token'

/** A browser may send a cleared cookie as empty, which counts as none. */
export const accessCookie = (c: Context<AppEnv>) => getCookie(c, ACCESS_COOKIE) || undefined
export const refreshCookie = (c: Context<AppEnv>) => getCookie(c, REFRESH_COOKIE) || undefined

/** The part of a context that setting a cookie needs. */
type Answering = RequestContext & Pick<Context, 'header'>

export const setAccessCookie = (c: Answering, { token, seconds }: IssuedToken) =>
  setCookie(c, ACCESS_COOKIE, token, seconds)
export const setRefreshCookie = (c: Answering, { token, seconds }: IssuedToken) =>
  setCookie(c, REFRESH_COOKIE, token, seconds)
export const clearAccessCookie = (c: Answering) => setCookie(c, ACCESS_COOKIE, '', 0)
export const clearRefreshCookie = (c: Answering) => setCookie(c, REFRESH_COOKIE, '', 0)

/**
 * Sets a cookie that lives as long as its token, for trusted origins only. Otherwise a form on any page could sign its visitors out, or in as the
 * attacker.
 */
export function setCookie(c: Answering, name: string, value: string, maxAge: number): void {
  if (!isKnownPage(c)) return
  const isHttps = c.req.url.startsWith('https:')
  const cookie = serialize(name, value, {
    path: '/',
    httpOnly: true,
    maxAge,
    // Front ends on other sites need SameSite=None, which browsers only accept with Secure, and so only over HTTPS. Browsers that block third-party
    // cookies still accept cookies partitioned by the front end's site.
    ...(isHttps ? { sameSite: 'None', secure: true, partitioned: true } : { sameSite: 'Lax' }),
  })
  c.header('set-cookie', cookie, { append: true })
}
