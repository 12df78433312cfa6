/** What can happen to a conversation, and what comes of it. */
import { sql } from 'drizzle-orm'
import type { BatchItem } from 'drizzle-orm/batch'
import type { Db } from '../db/client'
import type { IdempotencyKey, Remembered } from '../db/idempotency'
import { nextId } from '../db/ids'
import type { Marked } from '../images/store'
import type { MessageRow, Pair } from './rows'

/** A change as it is asked for; `userId` is who does it. */
export type Change =
  | {
      type: 'send'
      userId: number
      content: string
      image?: string | undefined
      key?: IdempotencyKey | undefined
    }
  | {
      type: 'edit'
      userId: number
      messageId: number
      content?: string | undefined
      image?: string | null | undefined
    }
  | { type: 'delete'; userId: number; messageId: number }
  | { type: 'clear'; userId: number }
  | { type: 'read'; userId: number; upTo: number }

/** An entry of the log, with the message as it was committed. */
export interface Event {
  seq: number
  kind: 'message' | 'edited' | 'deleted' | 'cleared' | 'read'
  userId: number
  messageId: number | null
  upTo: number | null
  message?: MessageRow
}

export interface Outcome {
  /** Undefined where the change did not apply. */
  event: Event | undefined
  /** The message as it is after a send or an edit. */
  message: MessageRow | undefined
  /** What the key of a send gave the first time. */
  remembered: Remembered | undefined
  unread: number
  /** Pictures that nothing shows any more. */
  marked: Marked
}

export interface Planned {
  statements: BatchItem<'sqlite'>[]
  /** Reads the statements' answers. */
  outcome: (results: unknown[][]) => Outcome
}

/** Makes the pair's row if it is new. Fails with a `ForeignKeyViolation` where one of them does not exist. */
export const ensureConversation = (db: Db, { a, b }: Pair) =>
  db.rows<never>(sql`insert into conversations (id, user_a, user_b) values (${nextId('conversations')}, ${a}, ${b})
    on conflict (user_a, user_b) do nothing`)
