/** Sending a message over HTTP. */
import { ForeignKeyViolation } from '../db/errors'
import type { UserContext } from '../http/env'
import { ValidationError } from '../http/errors'
import { idempotencyKey, once, recalledRow } from '../http/idempotency'
import { deleteLater, withPicture } from '../images/attach'
import type { CleanImage } from '../images/clean'
import { pictureUrls } from '../images/url'
import { change } from './objects'
import { EMPTY } from './refusals'
import type { MessageRow } from './rows'
import type { MessageAnswer } from './schemas'
import { messageView } from './view'

interface Refusals {
  toSelf: ConstructorParameters<typeof ValidationError>[0]
  toNobody: ConstructorParameters<typeof ValidationError>[0]
}

/** Sends, and answers with the message; a key that was used gives the first answer again. */
export async function sendMessage(
  c: UserContext,
  otherId: number,
  { content = '', image }: { content?: string | undefined; image?: CleanImage | null | undefined },
  { toSelf, toNobody }: Refusals,
): Promise<MessageAnswer> {
  const { user } = c.var
  if (!content && !image) throw new ValidationError(EMPTY)
  if (otherId === user.id) throw new ValidationError(toSelf)
  // Id 0 stands for one that no user can have.
  if (otherId === 0) throw new ValidationError(toNobody)
  const key = await idempotencyKey(c)
  const row = await once(c, key, async () => {
    const { marked, remembered, message } = await withPicture(c, image ?? undefined, async (hash) => {
      const made = await change(c, otherId, { type: 'send', userId: user.id, content, image: hash, key })
      if (!made) throw new ForeignKeyViolation('no recipient')
      return made
    })
    deleteLater(c, marked)
    return key && remembered ? recalledRow<MessageRow>(key, remembered) : message
  }).catch((error: unknown) => {
    throw error instanceof ForeignKeyViolation ? new ValidationError(toNobody) : error
  })
  if (!row) throw new Error('a message was sent and is not there')
  return messageView(row, { viewerId: user.id, urls: pictureUrls(c), now: Date.now() })
}
