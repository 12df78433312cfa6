/**
 * Takes turns at hashing passwords. During a hash an isolate does nothing else, so afterwards it rests for twice as long. It hashes for at most a
 * third of the time, and requests that take a millisecond do not wait behind a queue of hashes that take thirty.
 *
 * Logins from devices that have signed in before have their own lane, which goes first, so a flood of strangers keeps no owner waiting. Turns are
 * times, not a queue of promises, so a request that is cancelled while it waits delays others by at most one turn.
 */
import { Unavailable } from '../db/errors'
import { intervalMs, type Limit } from '../limits/gcra'
import { MAX_HASH_WAIT_MS } from '../limits/limits'

const REST_PER_HASH = 2

/** When the next request in each lane may hash, in milliseconds since the epoch. */
const nextTurn = { known: 0, others: 0 }
/** When the isolate's rest ends. */
let restedAt = 0
/** When the turn of the last waiting known device ends. All others wait until then. */
let knownUntil = 0

/** Hashes when it is its turn. Throws `Unavailable` if that would take too long. */
export async function inTurn<T>(limit: Limit | undefined, hash: () => T, isKnown = false): Promise<T> {
  if (!limit) return hash()
  await takeTurn(intervalMs(limit), isKnown ? 'known' : 'others')
  const started = Date.now()
  const result = hash()
  // A Worker's clock stands still while it computes. The pause also lets other requests run.
  await pause(0)
  const now = Date.now()
  restedAt = Math.max(restedAt, now + REST_PER_HASH * (now - started))
  return result
}

async function takeTurn(interval: number, lane: keyof typeof nextTurn): Promise<void> {
  const came = Date.now()
  const latest = came + MAX_HASH_WAIT_MS
  // Resets all times if the clock was set back, which would otherwise block everybody.
  if (Math.max(...Object.values(nextTurn), knownUntil) > latest + MAX_HASH_WAIT_MS)
    nextTurn.known = nextTurn.others = restedAt = knownUntil = 0
  const turn = Math.max(nextTurn[lane], came)
  if (turn > latest) throw tooMany()
  nextTurn[lane] = turn + interval
  // The current hash or rest may delay this turn; known devices go next, before all others.
  if (lane === 'known') knownUntil = Math.max(knownUntil, turn, restedAt) + interval
  const free = () => (lane === 'known' ? restedAt : Math.max(restedAt, knownUntil))
  let now = came
  for (let until = Math.max(turn, free()); until > now; until = free()) {
    if (until > latest) throw tooMany()
    await pause(until - now)
    // Does not rely on the clock alone, which may stand still or be set back.
    now = Math.max(Date.now(), until)
  }
  // A request that wakes at the same moment sees this and waits.
  restedAt = Math.max(restedAt, now + interval)
}

const tooMany = () => new Unavailable('too many passwords to hash')
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
