import { clockTime, isoDate, shortDate, timeOrDate } from '../http/dates'
import type { PictureUrls } from '../images/url'
import type { ConversationRow } from './queries'
import type { MessageRow } from './rows'
import type { ConversationAnswer, MessageAnswer } from './schemas'

const PREVIEW = 50

/** A message as this viewer sees it now. */
export const messageView = (
  message: MessageRow,
  { viewerId, urls, now }: { viewerId: number; urls: PictureUrls; now: number },
): MessageAnswer => ({
  id: message.id,
  sender: message.senderId,
  recipient: message.recipientId,
  content: message.content,
  image: message.image === null ? null : urls.picture(message.image),
  date: shortDate(message.createdAt),
  time: clockTime(message.createdAt),
  timestamp: isoDate(message.createdAt),
  edited_at: message.editedAt === null ? null : isoDate(message.editedAt),
  seq: message.seq,
  read: message.isRead === 1,
  sender_profile_image: urls.pictureOr('profile', message.senderImage),
  recipient_profile_image: urls.pictureOr('profile', message.recipientImage),
  is_sender: message.senderId === viewerId,
  last_message: preview(message.lastContent),
  last_message_time: timeOrDate(message.lastAt, now),
})

/** A conversation in the list. */
export const conversationView = (
  conversation: ConversationRow,
  { urls, now }: { urls: PictureUrls; now: number },
): ConversationAnswer => ({
  id: conversation.id,
  username: conversation.username,
  recipient_profile_image: urls.pictureOr('profile', conversation.image),
  last_message: preview(conversation.lastContent),
  last_message_time: timeOrDate(conversation.lastAt, now),
  last_message_at: isoDate(conversation.lastAt),
  unread_count: conversation.unread,
  seq: conversation.seq,
})

/** The first 50 characters, in code points. */
function preview(content: string): string {
  if (content.length <= PREVIEW) return content
  const characters = [...content]
  return characters.length <= PREVIEW ? content : `${characters.slice(0, PREVIEW).join('')}...`
}
