/** The changes of a conversation and their results. All of it is plain data, because it travels between the Worker and the object. */
import type { SessionState } from '../../db/client'
import type { IdempotencyKey } from '../../db/idempotency'
import type { LeasedImage, MarkedImage } from '../../db/image-leases'
import type { MessageDeed } from '../../db/moderation-words'
import type { changes } from '../../db/schema'
import type { Throttled } from '../../limits/throttled'
import type { MessageRow } from './message-row'

/** A requested change. `userId` requests it; `session` is the token's session, if it names one. */
export type Change = { session?: string | undefined } & (
  | {
      type: 'send'
      userId: number
      content: string
      image?: LeasedImage | undefined
      imageThumbhash?: string | null | undefined
      key?: IdempotencyKey | undefined
    }
  | {
      type: 'edit'
      userId: number
      messageId: number
      /** Undefined: unchanged. */
      content?: string | undefined
      /** Null: remove it; undefined: unchanged. */
      image?: LeasedImage | null | undefined
      imageThumbhash?: string | null | undefined
    }
  | { type: 'delete'; userId: number; messageId: number }
  /** Deletes a message of a user whose account is being erased and who can no longer request it. */
  | { type: 'erase'; userId: number; messageId: number }
  /** A moderator's action on a message. `userId` is the moderator. */
  | { type: 'moderate'; userId: number; role: 'moderator'; deed: MessageDeed }
  | { type: 'clear'; userId: number }
  | { type: 'read'; userId: number; upTo: number }
)

/** The result of erasing some of the messages that a user sent. */
export interface ErasedPiece {
  markedImages: MarkedImage[]
  /** The last message that was read. Undefined if some could not be deleted: try again. */
  after: number | undefined
  /** Whether no messages follow it. */
  isLast: boolean
}

/** A change to be committed. If it was, the log holds its `id`. */
export type TrackedChange = Change & { id: string }
export type ChangeOf<Type extends Change['type']> = Extract<TrackedChange, { type: Type }>

/** Whether neither participant makes the change: erasing an account and moderating happen even if one blocks the other. */
export const isByOthers = ({ type }: Change): boolean => type === 'erase' || type === 'moderate'

/** 72 random bits, in 12 characters. */
export const newChangeId = (): string =>
  crypto.getRandomValues(new Uint8Array(9)).toBase64({ alphabet: 'base64url' })

const ID_LENGTH = 12
/** How many ids a change may get in one call of the object: it is tried twice together with others, and twice alone. */
const ATTEMPTS_OF_A_CALL = 4

/** The ids that a call started with this id may have given the change before its answer was lost. `nextAttempt(id, …)` continues after them. */
export const attemptIds = (id: string): string[] =>
  Array.from({ length: ATTEMPTS_OF_A_CALL }, (_, i) => nextAttempt(id, i))

/** The id for a change's next attempt, once this id is revoked. It is derived from the first one, so that a second call finds it. */
export function nextAttempt(id: string, by = 1): string {
  const [base, number] = [id.slice(0, ID_LENGTH), Number(id.slice(ID_LENGTH + 1))]
  return number + by === 0 ? base : `${base}.${number + by}`
}

/** A committed change: its log entry, with the message as of then. */
export type ConversationEvent = Omit<typeof changes.$inferSelect, 'conversationId' | 'changeId'> & {
  message?: MessageRow
}

export interface Outcome {
  /** Undefined if the change did not apply. */
  event: ConversationEvent | undefined
  /** The message after a send or an edit. */
  message: MessageRow | undefined
  /** The key of a send was used before, with a different message. */
  isKeyReused: boolean
  /** After a read: the number of messages that are still unread. */
  unread: number
}

/**
 * Why a change was not made. After `unavailable` it may have been made, and must not be repeated before that is settled. A value, because error
 * classes do not survive RPC.
 */
export type Refusal =
  | 'unavailable'
  | 'internal'
  | 'user_not_found'
  | 'user_inactive'
  | 'permission_denied'
  | 'token_not_valid'
  | 'no_recipient'

/**
 * `state` is that of the whole transaction, which may have held other changes too. Only one caller gets the images that are to be
 * deleted.
 */
export type CommitResult = { ok: true; outcome: Outcome; state: SessionState } | Failure
export type Failure =
  | { ok: false; why: Refusal }
  | ({ ok: false; why: 'throttled' } & Pick<Throttled, 'waitMs' | 'policy'>)
