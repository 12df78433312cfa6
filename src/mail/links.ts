/** Links in mails lead to the front end's pages from the configuration, and never depend on a request. */
import { ConfigError, config } from '../http/config'
import type { RequestContext } from '../http/env'
import { isDevServer } from './send'

/**
 * The page's URL with parameters, placed where the page reads them: a hash router (`#/reset`) only sees the fragment. Without a configured page, it
 * is this path on the first client origin, or else on the API's own; throws `ConfigError` if there is neither.
 */
export function pageLink(c: RequestContext, configured: string | undefined, path: string) {
  const { clientOrigins, publicOrigin } = config(c.env)
  const [origin = publicOrigin ?? (isDevServer(c) ? new URL(c.req.url).origin : undefined)] = clientOrigins
  const page = configured ?? (origin && origin + path)
  if (!page) throw new ConfigError('CLIENT_ORIGINS is not set: links in mails lead to the front end.')
  return (parameters: Record<string, string>): string => {
    const link = new URL(page)
    if (/^#!?\//.test(link.hash)) {
      const [route, query] = link.hash.split('?', 2)
      link.hash = `${route}?${new URLSearchParams({ ...Object.fromEntries(new URLSearchParams(query)), ...parameters })}`
    } else {
      for (const [name, value] of Object.entries(parameters)) link.searchParams.set(name, value)
    }
    return link.href
  }
}
