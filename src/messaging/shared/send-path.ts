/** Where messages are sent over HTTP. A key that a client used over a socket is good there too, and the other way round. */

/** Below `/messages`; the id is the recipient's. */
export const SEND_PATH = '/:id{[0-9]+}/send'

/** The route that keys of messages to this user belong to: as `http/idempotency.ts` names a request to that path. */
export const sendRoute = (recipientId: number): string =>
  `POST /messages${SEND_PATH.replace(/:id\{.*?\}/, String(recipientId))}`
