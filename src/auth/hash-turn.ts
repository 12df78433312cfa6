/**
 * Whose turn it is to hash a password. An isolate does nothing else meanwhile, so between two hashes others get to work: it hashes for a
 * third of the time at most, and requests that cost a millisecond do not wait behind a queue of those that cost thirty.
 *
 * Turns are times, not a queue of promises: a request that is cancelled while it waits keeps nobody from theirs.
 */
import { Unavailable } from '../db/errors'
import { intervalMs, type Limit } from '../limits/gcra'
import { MAX_HASH_WAIT_MS } from '../limits/limits'

/** When the next hash may begin, in milliseconds since the epoch. */
let nextTurn = 0

/** Waits for a turn. Throws `Unavailable` where that would take too long. */
export async function hashTurn(limit: Limit | undefined): Promise<void> {
  if (!limit) return
  const now = Date.now()
  // A clock that was set back must not stop everybody.
  const turn = nextTurn - now > MAX_HASH_WAIT_MS * 2 ? now : Math.max(nextTurn, now)
  if (turn - now > MAX_HASH_WAIT_MS) throw new Unavailable('too many passwords to hash')
  nextTurn = turn + intervalMs(limit)
  if (turn > now) await new Promise((resolve) => setTimeout(resolve, turn - now))
}
