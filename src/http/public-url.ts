/** Where clients find the API, behind a proxy that asks for it by another name. */
import { config } from './config'
import type { Bindings } from './env'

/**
 * The request as it was sent to `PUBLIC_URL`, so that every link, cookie and comparison of origins is made for the name that clients
 * know. Without that variable, or with a configuration that is no good (which the app tells), the request as it is.
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
