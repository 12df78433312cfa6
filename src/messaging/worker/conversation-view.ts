import { isoDate, timeOrDate } from '../../http/dates'
import type { ImageUrls } from '../../images/url'
import { preview } from '../shared/message-view'
import type { ConversationRow } from './queries'
import type { ConversationAnswer } from './schemas'

/** A conversation in the list. */
export const conversationView = (
  conversation: ConversationRow,
  { urls, now }: { urls: ImageUrls; now: number },
): ConversationAnswer => ({
  id: conversation.id,
  username: conversation.username,
  recipient_profile_image: urls.imageOr('profile', conversation.image),
  last_message: preview(conversation.lastContent),
  last_message_time: timeOrDate(conversation.lastAt, now),
  last_message_at: isoDate(conversation.lastAt),
  unread_count: conversation.unread,
  seq: conversation.seq,
})
