import { clockTime, isoDate, shortDate, timeOrDate } from '../../http/dates'
import { imageDescriptionView } from '../../images/description'
import type { PrivateImageUrls } from '../../images/private-url'
import type { MessageRow } from './message-row'
import type { MessageAnswer } from './message-schemas'

const PREVIEW_CHARACTERS = 50

/** The viewer of a message, and the current time. */
export interface MessageViewer {
  viewerId: number
  urls: PrivateImageUrls
  /** Milliseconds since the epoch. */
  now: number
}

/** A message as the viewer sees it now. */
export const messageView = (message: MessageRow, { viewerId, urls, now }: MessageViewer): MessageAnswer => ({
  id: message.id,
  sender: message.senderId,
  recipient: message.recipientId,
  content: message.content,
  image: message.image === null ? null : urls.messageImage(message.id, message.image),
  ...imageDescriptionView(message),
  date: shortDate(message.createdAt),
  time: clockTime(message.createdAt),
  timestamp: isoDate(message.createdAt),
  edited_at: message.editedAt === null ? null : isoDate(message.editedAt),
  seq: message.seq,
  read: message.isRead === 1,
  sender_profile_image: urls.imageOr('profile', message.senderImage),
  recipient_profile_image: urls.imageOr('profile', message.recipientImage),
  is_sender: message.senderId === viewerId,
  last_message: preview(message.lastContent),
  last_message_time: timeOrDate(message.lastAt, now),
})

/** The beginning of a message, cut between code points. */
export function preview(content: string): string {
  if (content.length <= PREVIEW_CHARACTERS) return content
  const characters = [...content]
  return characters.length <= PREVIEW_CHARACTERS
    ? content
    : `${characters.slice(0, PREVIEW_CHARACTERS).join('')}...`
}
