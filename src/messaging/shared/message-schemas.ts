/** A message as clients send it and as they get it, over HTTP and over sockets. */
import * as z from 'zod'
import { text } from '../../http/fields'
import { textBytes } from '../../http/limits'
import { imageUpload, MESSAGE_IMAGE, optionalImageField } from '../../images/field'

/** The longest message, in code points. */
export const MAX_CONTENT_CHARACTERS = 10_000

/** For `body()`. */
export const MESSAGE_LIMITS = {
  maxBytes: textBytes(MAX_CONTENT_CHARACTERS),
  upload: imageUpload(MESSAGE_IMAGE),
}

/** Both may be left out: the route says what a message needs. */
export const messageBody = z
  .object({
    content: text({ max: MAX_CONTENT_CHARACTERS, blank: true }).optional(),
    image: optionalImageField(MESSAGE_IMAGE),
  })
  .meta({ id: 'MessageBody' })

export const messageAnswer = z
  .object({
    id: z.int(),
    sender: z.int(),
    recipient: z.int(),
    content: z.string(),
    image: z.url().nullable(),
    date: z.string(),
    time: z.string(),
    timestamp: z.iso.datetime(),
    edited_at: z.iso.datetime().nullable(),
    seq: z.int(),
    read: z.boolean(),
    sender_profile_image: z.url(),
    recipient_profile_image: z.url(),
    is_sender: z.boolean(),
    last_message: z.string(),
    last_message_time: z.string(),
  })
  .meta({ id: 'Message' })
export type MessageAnswer = z.output<typeof messageAnswer>
