/** Sends messages over HTTP. */
import type * as z from 'zod/mini'
import type { Created } from '../../db/create'
import { ForeignKeyViolation } from '../../db/errors'
import type { UserContext } from '../../http/env'
import { ApiError, ValidationError } from '../../http/errors'
import { createOnce } from '../../http/idempotency'
import { withImage } from '../../images/attach'
import { privateImageUrls } from '../../images/private-url'
import { givenText, type MessageRow } from '../shared/message-row'
import type { MessageAnswer, messageBody } from '../shared/message-schemas'
import { messageView } from '../shared/message-view'
import { EMPTY_MESSAGE } from '../shared/refusals'
import { commitChange } from './commit-change'

type Refusal = ConstructorParameters<typeof ValidationError>[0]

interface Refusals {
  toSelf: Refusal
  toNobody: Refusal
}

/** Sends a message and answers with it. A used key yields the first answer again. */
export async function sendMessage(
  c: UserContext,
  recipientId: number,
  { content = '', image, image_thumbhash: imageThumbhash }: z.output<typeof messageBody>,
  { toSelf, toNobody }: Refusals,
): Promise<MessageAnswer> {
  const { user } = c.var
  if (!content && !image) throw new ValidationError(EMPTY_MESSAGE)
  if (recipientId === user.id) throw new ValidationError(toSelf)
  // The parser yields id 0 for ids that no user can have.
  if (recipientId === 0) throw new ValidationError(toNobody)
  try {
    const message = await createOnce(
      c,
      { limit: 'messages', given: givenText(content) },
      async ({ key }): Promise<Created<MessageRow>> => {
        const sent = await withImage(c, image ?? undefined, async (lease) => {
          const outcome = await commitChange(c, recipientId, {
            type: 'send',
            userId: user.id,
            content,
            image: lease,
            imageThumbhash,
            key,
          })
          if (!outcome) throw new ForeignKeyViolation('no recipient')
          return outcome
        })
        if (sent.isKeyReused) throw new ApiError('idempotency_key_reused')
        if (!sent.message) throw new Error('a message was sent and is not there')
        // The object stores the key in the batch that inserts the message, but the type that proves it does not survive RPC.
        return sent.message as Created<MessageRow>
      },
    )
    // Viewed as of the time it was sent, so that a retry gets the same answer.
    return messageView(message, { viewerId: user.id, urls: privateImageUrls(c), now: message.createdAt })
  } catch (error) {
    throw error instanceof ForeignKeyViolation ? new ValidationError(toNobody) : error
  }
}
