/** Passes on typing signals that arrive over a channel. */
import type { Db } from '../../db/client'
import type { Pair } from '../shared/pair'
import { mayTellTyping } from './typing-queries'

/** How long a permission to pass them on is cached. */
const KNOWN_FOR_MS = 10_000

interface Surroundings {
  pair: Pair
  openDb: () => Db
  /** Tells the other user, on their sockets of this conversation and on their channel. */
  tell: (userId: number) => void
}

export function typing({ pair, openDb, tell }: Surroundings) {
  let until = 0
  return {
    /** Passes the signal on if the two users have a conversation and neither blocks the other. */
    async pass(userId: number): Promise<void> {
      const now = Date.now()
      if (until < now) {
        if (!(await mayTellTyping(openDb(), pair).catch(() => false))) return
        until = now + KNOWN_FOR_MS
      }
      tell(userId)
    },

    /** Drops the cached permission, because one user may now block the other. */
    forget(): void {
      until = 0
    },
  }
}
