/** What can happen to a conversation, and what comes of it. All of it goes from the Worker to the object or back: plain data. */
import type { SessionState } from '../../db/client'
import type { IdempotencyKey } from '../../db/idempotency'
import type { LeasedImage, MarkedImage } from '../../db/image-leases'
import type { MessageDeed } from '../../db/moderation-words'
import type { changes } from '../../db/schema'
import type { Throttled } from '../../limits/throttled'
import type { MessageRow } from './message-row'

/** A change as it is asked for; `userId` is who asks, with a token of `session` if that names one. */
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
      /** Undefined: as it was. */
      content?: string | undefined
      /** Null: none any more; undefined: as it was. */
      image?: LeasedImage | null | undefined
      imageThumbhash?: string | null | undefined
    }
  | { type: 'delete'; userId: number; messageId: number }
  /** Deletes it for somebody whose account is being erased, and who cannot ask for it any more. */
  | { type: 'erase'; userId: number; messageId: number }
  /** What a moderator, who asks, does to a message in its case. */
  | { type: 'moderate'; userId: number; role: 'moderator'; deed: MessageDeed }
  | { type: 'clear'; userId: number }
  | { type: 'read'; userId: number; upTo: number }
)

/** What came of erasing a piece of what somebody has sent. */
export interface ErasedPiece {
  markedImages: MarkedImage[]
  /** The last message that was looked at; undefined where some could not be deleted: try again. */
  after: number | undefined
  /** Whether there is nothing behind it. */
  isLast: boolean
}

/** A change on its way into the log; `id` is found there if it has arrived. */
export type TrackedChange = Change & { id: string }
export type ChangeOf<Type extends Change['type']> = Extract<TrackedChange, { type: Type }>

/** Changes that none of the two makes: an account is erased, and a message judged, whoever blocks whom. */
export const isByOthers = ({ type }: Change): boolean => type === 'erase' || type === 'moderate'

/** 72 random bits, in 12 characters. */
export const newChangeId = (): string =>
  crypto.getRandomValues(new Uint8Array(9)).toBase64({ alphabet: 'base64url' })

const ID_LENGTH = 12
/** Ids that one call of the object may give a change: it tries twice together with others, and twice alone. */
const ATTEMPTS_OF_A_CALL = 4

/** The ids that a change may have had in the call that was sent this one and whose answer was lost; behind them comes `nextAttempt(id, …)`. */
export const attemptIds = (id: string): string[] =>
  Array.from({ length: ATTEMPTS_OF_A_CALL }, (_, i) => nextAttempt(id, i))

/** The id under which a change is made again once its id is revoked. It says whose attempt it is: who asks a second time finds it. */
export function nextAttempt(id: string, by = 1): string {
  const [base, number] = [id.slice(0, ID_LENGTH), Number(id.slice(ID_LENGTH + 1))]
  return number + by === 0 ? base : `${base}.${number + by}`
}

/** A change as it was made: its entry in the log, with the message as it was then. */
export type ConversationEvent = Omit<typeof changes.$inferSelect, 'conversationId' | 'changeId'> & {
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

/**
 * Why a change was not made, or perhaps not: after `unavailable` it may be, and nobody may make it again without finding out. A value, as error
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
 * `state` is that of the whole transaction, which may have held other changes too; but for the images that are to be deleted, which
 * go to one caller only.
 */
export type CommitResult = { ok: true; outcome: Outcome; state: SessionState } | Failure
export type Failure =
  | { ok: false; why: Refusal }
  | ({ ok: false; why: 'throttled' } & Pick<Throttled, 'waitMs' | 'policy'>)
