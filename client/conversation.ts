/** What a conversation is to those who use it. */
import type { Draft } from './drafts'
import type { ApiError } from './errors'
import type { ImageFile } from './files'
import type { SocketConstructor } from './link'
import type { Message, ServerFrame } from './schema'
import type { Progress } from './upload'

/** What happens: the frames of the API, whether there is a connection, and that there will be none any more. */
export type ConversationEvent =
  | Exclude<ServerFrame, { type: 'sent' } | { type: 'error' }>
  | { type: 'online' }
  | { type: 'offline' }
  /** Messages from before a reload are still to be sent. What becomes of each, `sent` or `unsent` tells. */
  | { type: 'restored'; drafts: Draft[] }
  | { type: 'sent'; key: string; message: Message }
  | { type: 'unsent'; key: string; error: unknown }
  /** The API refuses for good: signed out (401), or nobody is there (404). The last event. */
  | { type: 'refused'; error: ApiError }

export interface ConversationOptions {
  /** Begin behind this seq. Without it: with what comes from now on. */
  since?: number | undefined
  /** Another implementation, where there is no global one (Node 20: the package `ws`). */
  WebSocket?: SocketConstructor | undefined
}

export interface MessageOptions {
  image?: ImageFile | undefined
  /** The same in every attempt. Without it a random one. */
  key?: string | undefined
  onProgress?: ((progress: Progress) => void) | undefined
}

export interface Conversation extends AsyncIterable<ConversationEvent> {
  readonly userId: number
  /** Everything up to here has come. To begin there another time, keep the `seq` of the last event that was dealt with. */
  readonly seq: number | undefined
  /** What was written and is not sent yet, in order. */
  readonly unsent: readonly Draft[]
  /**
   * Sends; resolves when the message is stored. What is written offline waits. Rejects with `ApiError` for what the API refuses; with code
   * `closed` or status 401 for what is left in the outbox, which goes on from there when the conversation is opened again. It takes no
   * `signal`, as it only hands over to the outbox; `messages.send` takes one.
   */
  send(content: string, options?: MessageOptions): Promise<Message>
  /** Marks what the other person sent as read, up to this seq: also what is read offline. */
  read(upTo: number): void
  /** Tells the other person that somebody types; as often as keys are pressed, if you like. */
  typing(): void
  /** Ends it. */
  close(): void
  /** Events from now on, until `close`. Several may read. */
  [Symbol.asyncIterator](): AsyncIterableIterator<ConversationEvent>
}
