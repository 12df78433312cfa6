/** Constants of all the API's sockets. */

/** The largest frame, in bytes of UTF-8. */
export const MAX_FRAME_BYTES = 64 * 1024
/** The shortest interval between two typing signals that are passed on. */
export const TYPING_INTERVAL_MS = 1_000
/** The platform answers it without waking the object. Unlike all other frames it is not JSON. */
export const KEEP_ALIVE = { request: 'ping', response: 'pong' } as const

/** Why the server closes a socket. */
export const CLOSE = {
  /** The client closed it. */
  normal: 1000,
  /** The frame was invalid, or one too many (RFC 6455, 7.4.1). */
  policy: 1008,
  /** The frame was too large. */
  tooLarge: 1009,
  /** Something cannot be reached, or the client reads too slowly: reconnect. */
  tryAgain: 1013,
  /** The access token expired, or the session or the user is gone: refresh, then reconnect. */
  signedOut: 4401,
} as const
