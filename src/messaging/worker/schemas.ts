/** Queries, bodies and answers of the routes. Messages themselves are in `shared/message-schemas.ts`. */
import * as z from 'zod/mini'
import { wholeNumber } from '../../http/fields'
import { pageQuery } from '../../http/paging'
import { queryParam } from '../../http/params'

export const readBody = z.object({ up_to: wholeNumber() }).register(z.globalRegistry, { id: 'ReadBody' })

export const conversationListQuery = z.object({
  search: queryParam('Searches the other person’s name, ignoring case and diacritics.'),
  page_size: queryParam('The number of conversations; at most 500.'),
  cursor: queryParam('The cursor from the previous page’s link.'),
})

export const threadQuery = z.extend(pageQuery, {
  before: queryParam('Messages before this id; empty for the newest.'),
  after: queryParam('Messages after this id.'),
})

export const listenQuery = z.object({
  since: queryParam('The `seq` of the newest change you know: later changes are sent first.'),
})

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
  .register(z.globalRegistry, { id: 'Conversation' })
export type ConversationAnswer = z.output<typeof conversationAnswer>

export const unreadAnswer = z.object({ unread_count: z.int() }).register(z.globalRegistry, { id: 'Unread' })
