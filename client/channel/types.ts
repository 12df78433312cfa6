/** What the channel is to those who use it. */
import type { SocketConstructor } from '../link'
import type { ConversationSummary, Notification, UnreadTotals } from '../schema'
import type { Store } from './store'

/** `offline` comes back by itself. The others are the end: `signed-out`, `refused` by the API, `closed` by `close`. */
export type LiveStatus = 'offline' | 'online' | 'signed-out' | 'refused' | 'closed'

export interface LiveOptions {
  /** Another implementation, where there is no global one (Node 20: the package `ws`). */
  WebSocket?: SocketConstructor | undefined
}

export interface Live {
  readonly status: Store<LiveStatus>
  readonly unread: Store<UnreadTotals>
  /** The first page of the list, newest first. */
  readonly notifications: Store<Notification[]>
  /** As `messages.conversations()` gives them, newest first, each with what is unread. */
  readonly conversations: Store<ConversationSummary[]>
  /** Marks the notifications that are shown as seen. */
  seen(): Promise<void>
  /** Ends it. Conversations that are open go on, each over a connection of its own. */
  close(): void
}
