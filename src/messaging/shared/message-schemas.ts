/** Messages as clients send and receive them, over HTTP and over sockets. */
import * as z from 'zod/mini'
import { text } from '../../http/fields'
import { textBytes } from '../../http/limits'
import { imageDescription } from '../../images/description'
import { imageUpload, MESSAGE_IMAGE, optionalImageField, thumbhashField } from '../../images/field'

/** The longest message, in code points. */
export const MAX_CONTENT_CHARACTERS = 10_000

/** For `body()`. */
export const MESSAGE_LIMITS = {
  maxBytes: textBytes(MAX_CONTENT_CHARACTERS),
  upload: imageUpload(MESSAGE_IMAGE),
}

/** Both content and image are optional here: the routes check that a message has one of them. */
export const messageBody = z
  .object({
    content: z.optional(text({ max: MAX_CONTENT_CHARACTERS, blank: true })),
    image: optionalImageField(MESSAGE_IMAGE),
    image_thumbhash: thumbhashField(),
  })
  .register(z.globalRegistry, { id: 'MessageBody' })

export const messageAnswer = z
  .object({
    id: z.int(),
    sender: z.int(),
    recipient: z.int(),
    content: z.string(),
    image: z.nullable(z.url()),
    ...imageDescription,
    date: z.string(),
    time: z.string(),
    timestamp: z.iso.datetime(),
    edited_at: z.nullable(z.iso.datetime()),
    seq: z.int(),
    read: z.boolean(),
    sender_profile_image: z.url(),
    recipient_profile_image: z.url(),
    is_sender: z.boolean(),
    last_message: z.string(),
    last_message_time: z.string(),
  })
  .register(z.globalRegistry, { id: 'Message' })
export type MessageAnswer = z.output<typeof messageAnswer>
