/** What the Worker knows about the user who opens a socket, and how it passes that to the object. */

export interface Listener {
  userId: number
  /** The token's session, if it has one. */
  session: string | undefined
  /** When the token expires, in milliseconds since the epoch. */
  expiresAt: number
  /** The API's origin as the client uses it. Image URLs begin with it. */
  origin: string
}

/** Only the Worker can reach objects, so nobody else can send this header. */
const HEADER = 'x-listener'

/** The request that opens a socket in the object. `since`: the last change that the client has. */
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
