/** The path for sending messages over HTTP. A key used over a socket is valid there too, and vice versa. */

/** Relative to `/messages`. The id is the recipient's. */
export const SEND_PATH = '/:id{[0-9]+}/send'

/** The route to which keys of messages to this user belong, in the form in which `http/idempotency.ts` names a request to that path. */
export const sendRoute = (recipientId: number): string =>
  `POST /messages${SEND_PATH.replace(/:id\{.*?\}/, String(recipientId))}`
