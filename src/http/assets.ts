import type { RequestContext } from './env'
import { ApiError } from './errors'

/**
 * A file of public/. Requests only get here with the /api prefix; otherwise the platform answers before the Worker. 404 if it
 * does not exist.
 */
export async function asset(c: RequestContext, path = c.req.path): Promise<Response> {
  const answer = await c.env.ASSETS.fetch(new Request(new URL(path, c.req.url), c.req.raw))
  if (answer.status === 404) throw new ApiError('not_found')
  // A fetched response is immutable, and middleware adds headers to every answer.
  return new Response(answer.body, answer)
}
