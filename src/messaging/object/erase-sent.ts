/** Erases what a user sent, piece by piece. */
import type { Db } from '../../db/client'
import type { Change, CommitResult, ErasedPiece } from '../shared/changes'
import type { Pair } from '../shared/pair'
import { messagesAfter } from './erase-queries'

/** Deletes what this user sent among the next messages after this one. Idempotent: deleted messages are not reported again. */
export async function eraseSent(
  db: Db,
  pair: Pair,
  { userId, after }: { userId: number; after: number },
  commit: (change: Change) => Promise<CommitResult>,
): Promise<ErasedPiece> {
  const { messages, isLast } = await messagesAfter(db, pair, after)
  const results = await Promise.all(
    messages.flatMap(({ id, senderId }) =>
      senderId === userId ? commit({ type: 'erase', userId, messageId: id }) : [],
    ),
  )
  return {
    markedImages: results.flatMap((result) => (result.ok ? result.state.markedImages : [])),
    after: results.every(({ ok }) => ok) ? (messages.at(-1)?.id ?? after) : undefined,
    isLast,
  }
}
