/** The frames of a conversation's socket, in both directions: JSON objects with a `type`. */
import * as z from 'zod/mini'
import { messageAnswer } from './message-schemas'

/** Frames that a client sends about a conversation. */
export const clientFrames = {
  send: z.object({
    type: z.literal('send'),
    content: z.unknown().check(z.meta({ type: 'string' })),
    key: z.string().check(z.minLength(1), z.maxLength(255)),
  }),
  read: z.object({ type: z.literal('read'), up_to: z.int().check(z.minimum(0)) }),
  typing: z.object({ type: z.literal('typing') }),
}

export const clientFrame = z.discriminatedUnion('type', [
  clientFrames.send,
  clientFrames.read,
  clientFrames.typing,
])
export type ClientFrame = z.output<typeof clientFrame>

const link = { seq: z.int(), prev: z.int() }

/** Frames about changes of the conversation. */
const changeFrames = [
  z.object({ type: z.literal('message'), ...link, message: messageAnswer }),
  z.object({ type: z.literal('edited'), ...link, message: messageAnswer }),
  z.object({ type: z.literal('deleted'), ...link, id: z.int() }),
  z.object({ type: z.literal('cleared'), ...link }),
  z.object({ type: z.literal('read'), ...link, user: z.int(), up_to: z.int() }),
] as const
export const changeFrame = z.discriminatedUnion('type', [...changeFrames])
export type ChangeFrame = z.output<typeof changeFrame>

/** Answers to a frame of the client's. */
export const answerFrames = {
  sent: z.object({ type: z.literal('sent'), key: z.string(), message: messageAnswer }),
  error: z.object({
    type: z.literal('error'),
    key: z.optional(z.string()),
    /** Present if sending it again with the same key can help; if `throttled`, after `retry_after` seconds. */
    code: z.optional(z.enum(['unavailable', 'throttled'])),
    retry_after: z.optional(z.int()),
    errors: z.record(z.string(), z.array(z.string())),
  }),
}

export const serverFrame = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ready'), seq: z.int() }),
  z.object({ type: z.literal('resync') }),
  ...changeFrames,
  z.object({ type: z.literal('typing'), user: z.int() }),
  answerFrames.sent,
  answerFrames.error,
])
export type ServerFrame = z.output<typeof serverFrame>
