/** Erases accounts whose time has come: a job, in pieces, which goes on where it stopped. */
import type { Db } from '../db/client'
import type { MarkedImage } from '../db/image-leases'
import type { Bindings } from '../http/env'
import { deleteObjects } from '../images/store'
import {
  beginErasing,
  conversationsToErase,
  ERASED_KINDS,
  erasePiece,
  findAccountsToErase,
  finishConversation,
  finishErasing,
  freeNames,
} from './erase-queries'

/** Pieces of one run, each one or two calls. */
const MAX_PIECES = 100

/** What other domains do of it. */
export interface Others {
  /** Closes all sockets of the user. */
  closeSockets: (userId: number) => Promise<void>
  /** Erases a piece of what the user has sent to the other; undefined where it was the last. Throws. */
  eraseSentPiece: (
    piece: { userId: number; otherId: number; after: number },
    onMarked: (images: MarkedImage[]) => Promise<void>,
  ) => Promise<number | undefined>
}

/** Erases up to `maxPieces` pieces, and says how many. An account that cannot be erased now keeps none of the others waiting. */
export async function eraseAccounts(
  db: Db,
  env: Bindings,
  now: number,
  others: Others,
  maxPieces = MAX_PIECES,
): Promise<number> {
  await freeNames(db, now)
  let pieces = 0
  const onMarked = (images: MarkedImage[]) => deleteObjects(db, env.MEDIA, images)
  /** Counts a piece; false once there may be no more. */
  const mayGoOn = () => pieces++ < maxPieces

  async function erase(userId: number, isBegun: boolean): Promise<void> {
    if (!isBegun) {
      if (!mayGoOn()) return
      await onMarked(await beginErasing(db, userId, now))
      await others.closeSockets(userId)
    }
    for (let kind = 0; kind < ERASED_KINDS; kind++) {
      for (let isGone = false; !isGone; ) {
        if (!mayGoOn()) return
        const piece = await erasePiece(db, userId, kind)
        await onMarked(piece.marked)
        isGone = piece.isGone
      }
    }
    for (let left = await conversationsToErase(db, userId); left.length > 0; ) {
      for (const { otherId, mark } of left) {
        for (let after: number | undefined = 0; after !== undefined; ) {
          if (!mayGoOn()) return
          after = await others.eraseSentPiece({ userId, otherId, after }, onMarked)
        }
        await finishConversation(db, userId, mark)
      }
      left = await conversationsToErase(db, userId)
    }
    await finishErasing(db, userId, now)
  }

  for (const { userId, erasingSince } of await findAccountsToErase(db, now)) {
    if (pieces >= maxPieces) break
    await erase(userId, erasingSince !== null).catch((error: unknown) => {
      console.error(JSON.stringify({ error: 'An account could not be erased yet.', why: String(error) }))
    })
  }
  return Math.min(pieces, maxPieces)
}
