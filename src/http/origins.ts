/** Which pages may act with a browser's cookies: our own, and those of CLIENT_ORIGINS. */
import { config } from './config'
import type { RequestContext } from './env'
import { ApiError } from './errors'
import { SAFE_METHODS } from './methods'

/** Whether the request comes from a trusted page. A client that sends neither header is not a browser, and is trusted too. */
export function isKnownPage(c: RequestContext): boolean {
  const origin = c.req.header('origin')
  if (origin !== undefined) {
    return origin === new URL(c.req.url).origin || config(c.env).clientOrigins.has(origin)
  }
  const site = c.req.header('sec-fetch-site')
  return site === undefined || site === 'same-origin' || site === 'none'
}

/** CSRF protection: browsers send cookies from any page, so a request that changes something must come from a trusted page. */
export function refuseForeignOrigin(c: RequestContext): void {
  if (!SAFE_METHODS.has(c.req.method)) requireKnownOrigin(c)
}

/** The same for any method: opening a WebSocket is a GET, which browsers allow from every page. */
export function requireKnownOrigin(c: RequestContext): void {
  if (!isKnownPage(c)) throw new ApiError('permission_denied')
}

/**
 * Whether another site's page only embeds the answer, as `<img>` and `<script>` do. Such a page must not learn from the result who is
 * signed in here, so these reads are anonymous. Front ends use CORS, which is a different mode.
 */
export const isForeignEmbed = (c: RequestContext): boolean =>
  SAFE_METHODS.has(c.req.method) && c.req.header('sec-fetch-mode') === 'no-cors' && !isKnownPage(c)
