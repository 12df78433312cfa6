/** Methods, and requests with a method that the path does not support. */
import type { Context } from 'hono'
import type { AppEnv } from './env'
import { ApiError } from './errors'
import type { Hono } from './hono'

/** In the order in which the original lists them. */
const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']
/** What changes nothing: RFC 9110, 9.2.1. */
export const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])

/**
 * The error for a request that no route handles: 404, or 405 with the methods that the path supports. If the path
 * requires signing in, others only get 401.
 */
export function noRoute(app: Hono<AppEnv>, c: Context<AppEnv>, requireUser: unknown): ApiError {
  const routes = METHODS.map((method) => {
    const [handlers] = app.router.match(method, c.req.path)
    // Routes are registered for one method, middleware for all.
    const own = handlers.filter(([[, route]]) => route.method === method)
    return {
      method,
      exists: own.length > 0,
      signedIn: own.some(([[, route]]) => route.handler === requireUser),
    }
  }).filter((route) => route.exists)

  if (routes.length === 0) return new ApiError('not_found')
  const of = (method: string) => routes.find((route) => route.method === method)
  const closed = of('GET')?.signedIn ?? (routes.every((route) => route.signedIn) || !!of('POST')?.signedIn)
  const closedForWriting = !SAFE_METHODS.has(c.req.method) && !!of('POST')?.signedIn
  if (!c.var.viewer && (closed || closedForWriting)) return new ApiError('not_authenticated')

  const allowed = routes.flatMap(({ method }) => (method === 'GET' ? ['GET', 'HEAD'] : [method]))
  return new ApiError('method_not_allowed', {
    detail: `Method "${c.req.method}" not allowed.`,
    headers: { allow: [...allowed, 'OPTIONS'].join(', ') },
  })
}
