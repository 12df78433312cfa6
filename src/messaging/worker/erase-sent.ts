/** Erasing what somebody has sent, in one conversation. */
import type { MarkedImage } from '../../db/image-leases'
import type { Bindings } from '../../http/env'
import { callConversation } from '../../sockets/conversation-stub'
import { pairOf } from '../shared/pair'

/**
 * Erases a piece of it, behind this message: undefined once that was the last one, else the message that it came to. Throws where the object
 * cannot be reached, or could not delete all; what it deleted stays deleted.
 */
export async function eraseSentPiece(
  env: Bindings,
  { userId, otherId, after }: { userId: number; otherId: number; after: number },
  onMarked: (images: MarkedImage[]) => Promise<void>,
): Promise<number | undefined> {
  const piece = await callConversation(env, pairOf(userId, otherId), async (stub) =>
    stub.eraseSent(userId, after),
  )
  await onMarked(piece.markedImages)
  if (piece.after === undefined) throw new Error('messages could not be erased')
  return piece.isLast ? undefined : piece.after
}
