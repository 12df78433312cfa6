/** What goes over a socket, in both directions: JSON objects that say their type. */
import * as z from 'zod/mini'
import { messageAnswer } from './message-schemas'

/** The largest frame, in bytes of UTF-8. */
export const MAX_FRAME_BYTES = 64 * 1024
/** That somebody types is passed on at most this often. */
export const TYPING_INTERVAL_MS = 1_000
/** Answered without waking the object; not JSON, unlike everything else. */
export const KEEP_ALIVE = { request: 'ping', response: 'pong' } as const

export const clientFrame = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('send'),
    content: z.unknown().check(z.meta({ type: 'string' })),
    key: z.string().check(z.minLength(1), z.maxLength(255)),
  }),
  z.object({ type: z.literal('read'), up_to: z.int().check(z.minimum(0)) }),
  z.object({ type: z.literal('typing') }),
])
export type ClientFrame = z.output<typeof clientFrame>

const link = { seq: z.int(), prev: z.int() }

export const serverFrame = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ready'), seq: z.int() }),
  z.object({ type: z.literal('resync') }),
  z.object({ type: z.literal('message'), ...link, message: messageAnswer }),
  z.object({ type: z.literal('edited'), ...link, message: messageAnswer }),
  z.object({ type: z.literal('deleted'), ...link, id: z.int() }),
  z.object({ type: z.literal('cleared'), ...link }),
  z.object({ type: z.literal('read'), ...link, user: z.int(), up_to: z.int() }),
  z.object({ type: z.literal('typing'), user: z.int() }),
  z.object({ type: z.literal('sent'), key: z.string(), message: messageAnswer }),
  z.object({
    type: z.literal('error'),
    key: z.optional(z.string()),
    /** Where sending it again, with the same key, will help: `throttled` after `retry_after` seconds. */
    code: z.optional(z.enum(['unavailable', 'throttled'])),
    retry_after: z.optional(z.int()),
    errors: z.record(z.string(), z.array(z.string())),
  }),
])
export type ServerFrame = z.output<typeof serverFrame>

/** Why the server closes a socket. */
export const CLOSE = {
  /** The client closed it. */
  normal: 1000,
  /** The frame was no frame, or one too many (RFC 6455, 7.4.1). */
  policy: 1008,
  /** The frame was too large. */
  tooLarge: 1009,
  /** Something is out of reach, or the client reads too slowly: come back with `since`. */
  tryAgain: 1013,
  /** The access token ran out, or the session or the user is gone: refresh, then come back with `since`. */
  signedOut: 4401,
} as const
