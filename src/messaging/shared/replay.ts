/** The events of a conversation that a client of a channel missed. */
import type { ConversationEvent } from './changes'

export interface Replay {
  /** In order. Empty if there are so many that the client should read pages, or if `since` is not of this conversation. */
  events: ConversationEvent[]
  isResync: boolean
  /** The conversation's newest seq. 0 if the user has no such conversation. */
  newest: number
  unread: number
}

/** A value, because error classes do not survive RPC. */
export type ReplayResult = { ok: true; replay: Replay } | { ok: false; why: 'unavailable' | 'signed out' }
