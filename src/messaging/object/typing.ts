/** That somebody types, who says so over their channel. */
import type { Db } from '../../db/client'
import type { Pair } from '../shared/pair'
import { mayTellTyping } from './typing-queries'

/** What D1 said of it holds for so long. */
const KNOWN_FOR_MS = 10_000

interface Surroundings {
  pair: Pair
  openDb: () => Db
  /** Tells the other person, wherever they are. */
  tell: (userId: number) => void
}

export function typing({ pair, openDb, tell }: Surroundings) {
  let known: { may: Promise<boolean>; until: number } | undefined
  return {
    /** Passes it on where the two have a conversation, and neither blocks the other. */
    async pass(userId: number): Promise<void> {
      const now = Date.now()
      if (!known || known.until < now)
        known = { may: mayTellTyping(openDb(), pair).catch(() => false), until: now + KNOWN_FOR_MS }
      if (await known.may) tell(userId)
    },

    /** They may have parted. */
    forget(): void {
      known = undefined
    },
  }
}
