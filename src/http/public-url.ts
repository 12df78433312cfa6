/** The API's public URL, behind a proxy that uses another host name. */
import { config } from './config'
import type { Bindings } from './env'

/**
 * The request with the origin of `PUBLIC_URL`, so that every link, cookie and origin check uses the public
 * name. Without that variable, or with an invalid configuration (which the app reports), the request unchanged.
 */
export function asSentToPublicUrl<R extends Request>(request: R, env: Bindings): R | Request {
  if (!env.PUBLIC_URL) return request
  const publicOrigin = publicOriginOf(env)
  if (publicOrigin === undefined) return request
  const rest = request.url.replace(/^\w+:\/\/[^/?#]*/, '')
  return new Request(publicOrigin + rest, request)
}

function publicOriginOf(env: Bindings): string | undefined {
  try {
    return config(env).publicOrigin
  } catch {
    return undefined
  }
}
