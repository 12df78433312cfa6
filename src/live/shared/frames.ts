/** The frames of a channel, in both directions: JSON objects with a `type`. */
import * as z from 'zod/mini'
import { answerFrames, changeFrame, clientFrames } from '../../messaging/shared/frames'
import { notificationAnswer, unreadAnswer } from '../../notifications/shared/answer-schemas'

/** The other user's id. */
const to = z.int().check(z.minimum(1))

export const clientFrame = z.discriminatedUnion('type', [
  z.extend(clientFrames.send, { to }),
  z.extend(clientFrames.read, { to }),
  z.extend(clientFrames.typing, { to }),
  z.object({ type: z.literal('replay'), to, since: z.int().check(z.minimum(0)) }),
])
export type ClientFrame = z.output<typeof clientFrame>

const user = z.int()

export const serverFrame = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('ready'),
    seq: z.int(),
    unread: unreadAnswer,
    conversations: z.array(z.tuple([z.int(), z.int(), z.int()])),
    posts: z.int(),
  }),
  z.object({ type: z.literal('conversation'), user, event: changeFrame, unread: z.int() }),
  z.object({ type: z.literal('replayed'), user, seq: z.int(), unread: z.int() }),
  z.object({ type: z.literal('resync'), user, seq: z.int(), unread: z.int() }),
  z.object({
    type: z.literal('notification'),
    seq: z.int(),
    prev: z.int(),
    /** Newest first. Null if there are so many that the client should read the list instead. */
    notifications: z.nullable(z.array(notificationAnswer)),
  }),
  z.object({ type: z.literal('unread'), unread: unreadAnswer }),
  z.object({ type: z.literal('feed'), since: z.int(), count: z.int(), posts: z.array(z.int()) }),
  z.object({ type: z.literal('typing'), user }),
  z.extend(answerFrames.sent, { to: z.int() }),
  z.extend(answerFrames.error, { to: z.optional(z.int()) }),
  z.object({ type: z.literal('signed-out') }),
])
export type ServerFrame = z.output<typeof serverFrame>
export type FrameOf<Type extends ServerFrame['type']> = Extract<ServerFrame, { type: Type }>
