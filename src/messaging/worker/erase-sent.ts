/** Erases what a user sent in one conversation. */
import type { MarkedImage } from '../../db/image-leases'
import type { Bindings } from '../../http/env'
import { callConversation } from '../../sockets/conversation-stub'
import { pairOf } from '../shared/pair'

/**
 * Erases some of the messages after this one. Gives the last message that it read, or undefined if none are left. Throws if the object cannot be
 * reached or could not delete all of them; what it deleted stays deleted.
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
