/** That somebody types, who says so over their channel. */
import type { Db } from '../../db/client'
import type { Pair } from '../shared/pair'
import { mayTellTyping } from './typing-queries'

/** That they may is taken for granted for so long. */
const KNOWN_FOR_MS = 10_000

interface Surroundings {
  pair: Pair
  openDb: () => Db
  /** Tells the other person, wherever they are. */
  tell: (userId: number) => void
}

export function typing({ pair, openDb, tell }: Surroundings) {
  let until = 0
  return {
    /** Passes it on where the two have a conversation, and neither blocks the other. */
    async pass(userId: number): Promise<void> {
      const now = Date.now()
      if (until < now) {
        if (!(await mayTellTyping(openDb(), pair).catch(() => false))) return
        until = now + KNOWN_FOR_MS
      }
      tell(userId)
    },

    /** They may have parted. */
    forget(): void {
      until = 0
    },
  }
}
