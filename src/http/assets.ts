import type { RequestContext } from './env'
import { ApiError } from './errors'

/**
 * A file of public/. Only behind the /api prefix is it asked for here, else the platform answers before the Worker. 404 where it
 * is not there.
 */
export async function asset(c: RequestContext, path = c.req.path): Promise<Response> {
  const answer = await c.env.ASSETS.fetch(new Request(new URL(path, c.req.url), c.req.raw))
  if (answer.status === 404) throw new ApiError('not_found')
  // What was fetched cannot be added to, and every answer of ours gets more headers.
  return new Response(answer.body, answer)
}
