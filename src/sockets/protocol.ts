/** What holds for all sockets of the API, whatever goes over them. */

/** The largest frame, in bytes of UTF-8. */
export const MAX_FRAME_BYTES = 64 * 1024
/** That somebody types is passed on at most this often. */
export const TYPING_INTERVAL_MS = 1_000
/** Answered without waking the object; not JSON, unlike everything else. */
export const KEEP_ALIVE = { request: 'ping', response: 'pong' } as const

/** Why the server closes a socket. */
export const CLOSE = {
  /** The client closed it. */
  normal: 1000,
  /** The frame was no frame, or one too many (RFC 6455, 7.4.1). */
  policy: 1008,
  /** The frame was too large. */
  tooLarge: 1009,
  /** Something is out of reach, or the client reads too slowly: come back. */
  tryAgain: 1013,
  /** The access token ran out, or the session or the user is gone: refresh, then come back. */
  signedOut: 4401,
} as const
