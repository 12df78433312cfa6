/** What somebody has missed of a conversation, who listens over their channel. */
import type { ConversationEvent } from './changes'

export interface Replay {
  /** In order; none where it is so much that pages are the better way to it, or where `since` is not of this conversation. */
  events: ConversationEvent[]
  isResync: boolean
  /** The conversation's newest seq; 0 where there is none for them. */
  newest: number
  unread: number
}

/** A value, as error classes do not survive RPC. */
export type ReplayResult = { ok: true; replay: Replay } | { ok: false; why: 'unavailable' | 'signed out' }
