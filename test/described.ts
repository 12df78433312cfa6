/** Holds every answer of the Worker against what its route says that it answers: the same that the OpenAPI document says. */
import { expect } from 'vitest'
import type * as z from 'zod/mini'
import { answersOf, routeOf } from '../scripts/openapi/routes'
import { app } from '../src/app'

/** Throws where the answer is of a status, a type or a shape that is not described. */
export async function checkAnswer(request: Request, response: Response): Promise<void> {
  // A preflight is answered by cors, a path or method that is not there by no route, and a bug by nobody.
  if (request.method === 'OPTIONS' || response.status === 405 || response.status === 500) return
  const method = request.method === 'HEAD' ? 'GET' : request.method
  const path = app.getPath(request)
  const route = routeOf(app, method, path)
  const what = `${request.method} ${path} → ${response.status}`
  if (!route) {
    expect([401, 404, 406, 503], `${what}: there is no such route`).toContain(response.status)
    return
  }
  // As the introduction of the document says.
  if (response.status === 404 && (new URL(request.url).searchParams.get('format') ?? 'json') !== 'json')
    return
  const described = answersOf(route, response.status)
  if (!described) throw new Error(`${what}: this status is not described`)
  if (request.method === 'HEAD') return

  const type = response.headers.get('content-type')?.split(';')[0]
  const schemas = described.filter((body): body is z.ZodMiniType => typeof body === 'object' && body !== null)
  if (type === 'application/json' && schemas.length > 0) {
    const body: unknown = await response.clone().json()
    const fits = schemas.some((schema) => {
      const parsed = schema.safeParse(body)
      // Parsed, a field that is not described is missing.
      return parsed.success && JSON.stringify(sorted(parsed.data)) === JSON.stringify(sorted(body))
    })
    if (!fits) throw new Error(`${what}: not as described: ${JSON.stringify(body)}`)
    return
  }
  if (described.includes(null) && !response.body) return
  const isDescribed = described.some(
    (body) => typeof body === 'string' && type && new RegExp(`^${body.replaceAll('*', '.*')}$`).test(type),
  )
  if (!isDescribed) throw new Error(`${what}: an answer of type ${type} is not described`)
}

/** With the keys of objects in order. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(entries.map(([name, field]) => [name, sorted(field)]))
}
