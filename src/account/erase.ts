/** The job that erases accounts when they are due, in pieces. Each run continues where the last one stopped. */
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

/** Pieces per run; each is one or two calls. */
const MAX_PIECES = 100

/** The steps that belong to other domains. */
export interface Others {
  /** Closes all sockets of the user. */
  closeSockets: (userId: number) => Promise<void>
  /** Erases a piece of the messages that the user sent to the other; undefined after the last piece. May throw. */
  eraseSentPiece: (
    piece: { userId: number; otherId: number; after: number },
    onMarked: (images: MarkedImage[]) => Promise<void>,
  ) => Promise<number | undefined>
}

/** Erases up to `maxPieces` pieces, and returns how many. If an account cannot be erased now, the others still are. */
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
  /** Counts a piece; false if this run has used all its pieces. */
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
