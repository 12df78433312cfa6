/** Turns an event into a frame. */
import type { ConversationEvent } from './changes'
import type { ChangeFrame } from './frames'
import { type MessageViewer, messageView } from './message-view'

/** `prev` is the `seq` of the frame before it. */
export function eventFrame(event: ConversationEvent, prev: number, viewer: MessageViewer): ChangeFrame {
  const { seq, kind } = event
  if (kind === 'deleted') return { type: kind, seq, prev, id: event.messageId ?? 0 }
  if (kind === 'read') return { type: kind, seq, prev, user: event.userId, up_to: event.upTo ?? 0 }
  if (kind === 'cleared' || !event.message) return { type: 'cleared', seq, prev }
  return { type: kind, seq, prev, message: messageView(event.message, viewer) }
}
