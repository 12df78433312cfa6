/** Content negotiation: only JSON is available. */
import { createMiddleware } from 'hono/factory'
import type { AppEnv } from './env'
import { ApiError } from './errors'

const JSON_RANGES = new Set(['*/*', 'application/*', 'application/json'])

/** 406 if Accept excludes JSON; 404 for a `?format=` other than json, as in the original. */
export const negotiate = createMiddleware<AppEnv>(async (c, next) => {
  const format = c.req.query('format')
  if (format && format !== 'json') throw new ApiError('not_found')
  const accept = c.req.header('accept')
  if (accept?.trim() && !accept.split(',').some(allowsJson)) throw new ApiError('not_acceptable')
  await next()
})

/** RFC 9110, 12.5.1; `q=0` means "not this". */
function allowsJson(range: string): boolean {
  const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase())
  return JSON_RANGES.has(type) && !parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter))
}
