/** A conversation's public interface. */
import type { Draft } from './drafts'
import type { ApiError } from './errors'
import type { ImageFile } from './files'
import type { SocketConstructor } from './link'
import type { Message, ServerFrame } from './schema'
import type { Progress } from './upload'

/** The API's frames, changes of the connection, and the end of the conversation. */
export type ConversationEvent =
  | Exclude<ServerFrame, { type: 'sent' } | { type: 'error' }>
  | { type: 'online' }
  | { type: 'offline' }
  /** Messages from before a reload are still to be sent. A `sent` or `unsent` event follows for each. */
  | { type: 'restored'; drafts: Draft[] }
  | { type: 'sent'; key: string; message: Message }
  | { type: 'unsent'; key: string; error: unknown }
  /** The API refuses permanently: signed out (401), or the user does not exist (404). The last event. */
  | { type: 'refused'; error: ApiError }

export interface ConversationOptions {
  /** Start after this seq. Default: start with new events. */
  since?: number | undefined
  /** A WebSocket implementation, if there is no global one (Node 20: the package `ws`). */
  WebSocket?: SocketConstructor | undefined
}

export interface MessageOptions {
  image?: ImageFile | undefined
  /** The same in every attempt. Default: a random key. */
  key?: string | undefined
  onProgress?: ((progress: Progress) => void) | undefined
}

export interface Conversation extends AsyncIterable<ConversationEvent> {
  readonly userId: number
  /** Every event up to this seq has arrived. To resume later, store the `seq` of the last event that you processed. */
  readonly seq: number | undefined
  /** Messages not sent yet, in order. */
  readonly unsent: readonly Draft[]
  /**
   * Sends a message; resolves when it is stored. Messages written offline wait. Rejects with `ApiError` if the API refuses the message. Code `closed`
   * or status 401 means that it stays in the outbox and is sent when the conversation is opened again. There is no `signal`, because this only adds
   * to the outbox; `messages.send` takes one.
   */
  send(content: string, options?: MessageOptions): Promise<Message>
  /** Marks the other person's messages as read up to this seq, including those read offline. */
  read(upTo: number): void
  /** Tells the other person that the user is typing. May be called at every key press. */
  typing(): void
  /** Closes the conversation. */
  close(): void
  /** Events from now on, until `close`. Several readers may iterate at once. */
  [Symbol.asyncIterator](): AsyncIterableIterator<ConversationEvent>
}
