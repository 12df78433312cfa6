/** The API documents name the server that serves them, so that generated clients call it. */
import { asset } from '../http/assets'
import type { RequestContext } from '../http/env'

/** The address of `npm run dev`, which the stored files name as the server. */
export const LOCAL = 'http://localhost:8787'

interface OpenApi {
  servers: { url: string; description: string }[]
}
interface AsyncApi {
  servers: { here: { host: string; protocol: string } }
}

/** openapi.json */
export const openApiDocument = (c: RequestContext): Promise<Response> =>
  localised<OpenApi>(c, ({ servers }, { origin }) => {
    for (const server of servers) server.url = server.url.replace(LOCAL, origin)
  })

/** asyncapi.json */
export const asyncApiDocument = (c: RequestContext): Promise<Response> =>
  localised<AsyncApi>(c, ({ servers: { here } }, { host, protocol }) => {
    here.host = host
    here.protocol = protocol === 'https:' ? 'wss' : 'ws'
  })

async function localised<Document>(c: RequestContext, set: (document: Document, here: URL) => void) {
  const answer = await asset(c)
  if (answer.status !== 200 || c.req.method === 'HEAD') return answer
  const document: Document = await answer.json()
  set(document, new URL(c.req.url))
  return new Response(JSON.stringify(document), answer)
}
