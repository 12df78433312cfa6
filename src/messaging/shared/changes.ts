/** What can happen to a conversation, and what comes of it. All of it goes from the Worker to the object or back: plain data. */
import type { SessionState } from '../../db/client'
import type { IdempotencyKey } from '../../db/idempotency'
import type { LeasedImage } from '../../db/image-leases'
import type { changes } from '../../db/schema'
import type { Throttled } from '../../limits/throttled'
import type { MessageRow } from './message-row'

/** A change as it is asked for; `userId` is who asks. */
export type Change =
  | {
      type: 'send'
      userId: number
      content: string
      image?: LeasedImage | undefined
      key?: IdempotencyKey | undefined
    }
  | {
      type: 'edit'
      userId: number
      messageId: number
      /** Undefined: as it was. */
      content?: string | undefined
      /** Null: none any more; undefined: as it was. */
      image?: LeasedImage | null | undefined
    }
  | { type: 'delete'; userId: number; messageId: number }
  | { type: 'clear'; userId: number }
  | { type: 'read'; userId: number; upTo: number }

export type ChangeOf<Type extends Change['type']> = Extract<Change, { type: Type }>

/** A change as it was made: its entry in the log, with the message as it was then. */
export type ConversationEvent = Omit<typeof changes.$inferSelect, 'conversationId'> & {
  message?: MessageRow
}

export interface Outcome {
  /** Undefined where the change did not apply. */
  event: ConversationEvent | undefined
  /** The message as it is after a send or an edit. */
  message: MessageRow | undefined
  /** The key of a send was used before, with something else. */
  isKeyReused: boolean
  /** After a read: how many messages are still unread. */
  unread: number
}

/** Why a change was not made. A value, as error classes do not survive RPC. */
export type Refusal = 'unavailable' | 'user_not_found' | 'user_inactive' | 'no_recipient' | 'throttled'

/**
 * `state` is that of the whole transaction, which may have held other changes too; but for the images that are to be deleted, which
 * go to one caller only.
 */
export type CommitResult =
  | { ok: true; outcome: Outcome; state: SessionState }
  | { ok: false; why: Exclude<Refusal, 'throttled'> }
  | ({ ok: false; why: 'throttled' } & Pick<Throttled, 'waitMs' | 'policy'>)
