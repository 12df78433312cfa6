/**
 * Whose turn it is to hash a password. An isolate does nothing else meanwhile, so after a hash it rests for twice as long as that took: it
 * hashes for a third of the time at most, and requests that cost a millisecond do not wait behind a queue of those that cost thirty.
 *
 * Turns are times, not a queue of promises: a request that is cancelled while it waits keeps nobody from theirs.
 */
import { Unavailable } from '../db/errors'
import { intervalMs, type Limit } from '../limits/gcra'
import { MAX_HASH_WAIT_MS } from '../limits/limits'

const REST_PER_HASH = 2

/** When the next request to come may hash, and when the isolate has rested; in milliseconds since the epoch. */
let nextTurn = 0
let restedAt = 0

/** Hashes when it is its turn. Throws `Unavailable` where that would take too long. */
export async function inTurn<T>(limit: Limit | undefined, hash: () => T): Promise<T> {
  if (!limit) return hash()
  await takeTurn(intervalMs(limit))
  const started = Date.now()
  const result = hash()
  // A Worker's clock stands still while it computes. Others who were waiting get to work here too.
  await pause(0)
  const now = Date.now()
  restedAt = Math.max(restedAt, now + REST_PER_HASH * (now - started))
  return result
}

async function takeTurn(interval: number): Promise<void> {
  const came = Date.now()
  const latest = came + MAX_HASH_WAIT_MS
  // A clock that was set back must not stop everybody.
  if (nextTurn > latest + MAX_HASH_WAIT_MS) nextTurn = restedAt = 0
  const turn = Math.max(nextTurn, came)
  if (turn > latest) throw tooMany()
  nextTurn = turn + interval
  let now = came
  for (let until = Math.max(turn, restedAt); until > now; until = restedAt) {
    if (until > latest) throw tooMany()
    await pause(until - now)
    // Not the clock alone: one that stands still, or is set back, must keep nobody waiting.
    now = Math.max(Date.now(), until)
  }
  // Whoever wakes at the same time finds this.
  restedAt = Math.max(restedAt, now + interval)
}

const tooMany = () => new Unavailable('too many passwords to hash')
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
