/**
 * Whose turn it is to hash a password. An isolate does nothing else meanwhile, so after a hash it rests for twice as long as that took: it
 * hashes for a third of the time at most, and requests that cost a millisecond do not wait behind a queue of those that cost thirty.
 *
 * Those who come from a device that has signed in before have a lane of their own, which goes first: a flood of strangers keeps no owner waiting.
 * Turns are times, not a queue of promises: a request that is cancelled while it waits keeps nobody from theirs for longer than a turn.
 */
import { Unavailable } from '../db/errors'
import { intervalMs, type Limit } from '../limits/gcra'
import { MAX_HASH_WAIT_MS } from '../limits/limits'

const REST_PER_HASH = 2

/** When the next request to come may hash, in each lane; in milliseconds since the epoch. */
const nextTurn = { known: 0, others: 0 }
/** When the isolate has rested. */
let restedAt = 0
/** Until when the last of those who are known and wait has its turn: the others let it pass. */
let knownUntil = 0

/** Hashes when it is its turn. Throws `Unavailable` where that would take too long. */
export async function inTurn<T>(limit: Limit | undefined, hash: () => T, isKnown = false): Promise<T> {
  if (!limit) return hash()
  await takeTurn(intervalMs(limit), isKnown ? 'known' : 'others')
  const started = Date.now()
  const result = hash()
  // A Worker's clock stands still while it computes. Others who were waiting get to work here too.
  await pause(0)
  const now = Date.now()
  restedAt = Math.max(restedAt, now + REST_PER_HASH * (now - started))
  return result
}

async function takeTurn(interval: number, lane: keyof typeof nextTurn): Promise<void> {
  const came = Date.now()
  const latest = came + MAX_HASH_WAIT_MS
  // A clock that was set back must not stop everybody.
  if (Math.max(...Object.values(nextTurn), knownUntil) > latest + MAX_HASH_WAIT_MS)
    nextTurn.known = nextTurn.others = restedAt = knownUntil = 0
  const turn = Math.max(nextTurn[lane], came)
  if (turn > latest) throw tooMany()
  nextTurn[lane] = turn + interval
  // Whoever hashes now may be in the way, and a moment: whoever is known is in after that, before the others.
  if (lane === 'known') knownUntil = Math.max(knownUntil, turn, restedAt) + interval
  const free = () => (lane === 'known' ? restedAt : Math.max(restedAt, knownUntil))
  let now = came
  for (let until = Math.max(turn, free()); until > now; until = free()) {
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
