/** What the Worker has found out about somebody who opens a socket, and how it tells the object. */

export interface Listener {
  userId: number
  /** The session of their token, where it has one. */
  session: string | undefined
  /** When the token runs out, in milliseconds since the epoch. */
  expiresAt: number
  /** The API's origin as they know it: the URLs of images begin with it. */
  origin: string
}

/** Objects can be reached from the Worker only, so nobody else can send this header. */
const HEADER = 'x-listener'

/** The request that opens a socket in the object; `since` is how far the client is. */
export function listenRequest(listener: Listener, since: string | undefined): Request {
  const url = new URL('https://object/live')
  if (since !== undefined) url.searchParams.set('since', since)
  return new Request(url, { headers: { upgrade: 'websocket', [HEADER]: JSON.stringify(listener) } })
}

export function readListenRequest(request: Request): { listener: Listener; since: number | undefined } {
  const since = new URL(request.url).searchParams.get('since')
  return {
    listener: JSON.parse(request.headers.get(HEADER) ?? '{}'),
    since: since === null ? undefined : Number(since),
  }
}
