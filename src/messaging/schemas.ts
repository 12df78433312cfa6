import * as z from 'zod'
import { text, wholeNumber } from '../http/fields'
import { pageQuery } from '../http/paging'
import { queryParam } from '../http/params'
import { MESSAGE_PICTURE, optionalPicture } from '../images/field'

/** Both may be left out: the route says what a message needs. */
export const messageBody = z
  .object({
    content: text({ max: 10_000, blank: true }).optional(),
    image: optionalPicture(MESSAGE_PICTURE),
  })
  .meta({ id: 'MessageBody' })

export const readBody = z.object({ up_to: wholeNumber() }).meta({ id: 'ReadBody' })

export const conversationListQuery = z.object({ search: queryParam('In the other person’s name.') })

export const threadQuery = pageQuery.extend({
  before: queryParam('Messages before the one of this id; empty: the newest.'),
  after: queryParam('Messages after the one of this id.'),
})

export const listenQuery = z.object({
  since: queryParam('The `seq` of the newest change that is known: what came after it is sent first.'),
})

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

export const conversationAnswer = z
  .object({
    id: z.int(),
    username: z.string(),
    recipient_profile_image: z.url(),
    last_message: z.string(),
    last_message_time: z.string(),
    last_message_at: z.iso.datetime(),
    unread_count: z.int(),
    seq: z.int(),
  })
  .meta({ id: 'Conversation' })
export type ConversationAnswer = z.output<typeof conversationAnswer>

export const unreadAnswer = z.object({ unread_count: z.int() }).meta({ id: 'Unread' })
