import * as z from 'zod'
import { text } from '../http/fields'
import { pageQuery } from '../http/paging'
import { queryParam } from '../http/params'
import { MESSAGE_PICTURE, optionalPicture } from '../images/field'

/** Both may be left out: the route says what a message needs. */
export const messageBody = z.object({
  content: text({ max: 10_000, blank: true }).optional(),
  image: optionalPicture(MESSAGE_PICTURE),
})

export const readBody = z.object({
  up_to: z.int('A valid integer is required.').min(0, 'A valid integer is required.'),
})

export const conversationListQuery = z.object({ search: queryParam() })

/** `before` and `after`: ids of messages; blank `before` means the newest. */
export const threadQuery = pageQuery.extend({ before: queryParam(), after: queryParam() })

export const messageAnswer = z.object({
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
export type MessageAnswer = z.output<typeof messageAnswer>

export const conversationAnswer = z.object({
  id: z.int(),
  username: z.string(),
  recipient_profile_image: z.url(),
  last_message: z.string(),
  last_message_time: z.string(),
  last_message_at: z.iso.datetime(),
  unread_count: z.int(),
  seq: z.int(),
})
export type ConversationAnswer = z.output<typeof conversationAnswer>

export const unreadAnswer = z.object({ unread_count: z.int() })
