/** The channel's public interface. */
import type { SocketConstructor } from '../link'
import type { ConversationSummary, Notification, UnreadTotals } from '../schema'
import type { Store } from './store'

/** `offline` reconnects automatically. The rest are final: `signed-out`, `refused` by the API, `closed` by `close`. */
export type LiveStatus = 'offline' | 'online' | 'signed-out' | 'refused' | 'closed'

export interface LiveOptions {
  /** A WebSocket implementation, if there is no global one (Node 20: the package `ws`). */
  WebSocket?: SocketConstructor | undefined
}

export interface Live {
  readonly status: Store<LiveStatus>
  readonly unread: Store<UnreadTotals>
  /** The first page of the list, newest first. */
  readonly notifications: Store<Notification[]>
  /** As `messages.conversations()` returns them, newest first, with current unread counts. */
  readonly conversations: Store<ConversationSummary[]>
  /** Marks the notifications in the list as seen. */
  seen(): Promise<void>
  /** Closes the channel. Open conversations continue, each over its own connection. */
  close(): void
}
