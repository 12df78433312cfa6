/**
 * Every rate limit: its name, its default and the reason. The variable `LIMITS` is `off` or a factor for all; after that, individual limits can be
 * set to `burst/count/seconds` or `off`: `2, posts=50/500/86400, frames=off`.
 *
 * An address is the value of `CF-Connecting-IP`; of IPv6 only the first 64 bits count, because a household gets a /64. Limits are stored in
 * D1 (`db/rate-limits.ts`), except those marked "in memory": the memory of an isolate, where they are approximate, or of
 * a Durable Object.
 */
import type { Limit } from './gcra'

const HOUR = 3_600
const DAY = 86_400
const MIB = 2 ** 20

const limit = (burst: number, count: number, seconds: number): Limit => ({ burst, count, seconds })

export const LIMITS = {
  /** Guesses of one account's password from one address. Ten are enough for people trying to remember which of their passwords it was. */
  login_account_address: limit(10, 10, DAY),
  /** Logins from one address, to any accounts: enough for a large office in the morning, too few for a list of stolen passwords. */
  login_address: limit(100, 300, HOUR),
  /** Logins to one account from all addresses. Beyond it, logins that wait as `login_wait` says are still accepted, so nobody can be locked out. */
  login_account: limit(20, 20, HOUR),
  /** While an account is under attack, each address must wait this long before every attempt, including its first: the owner gets in within a minute. */
  login_wait: limit(1, 1, 30),
  /** Logins, including successful ones, on a device that has signed in to this account before. Others cannot use this budget up. */
  login_device: limit(60, 60, HOUR),
  /** Logins on such devices from one address, to any accounts; beyond it they count like those from unknown devices. In memory. */
  login_devices: limit(300, 600, HOUR),
  /** Attempts by a signed-in user, so that a stolen token cannot be used to guess the password. */
  password_change: limit(10, 10, HOUR),
  /** Passwords set through mailed links, from one address. A link's token cannot be guessed, but each hash is expensive. */
  password_reset: limit(20, 60, HOUR),
  /** Registrations from one address, including refused ones: a school class can sign up at once, but a script cannot fill the table. */
  registration: limit(100, 500, DAY),
  /** Mails requested from one address. */
  mail_address: limit(20, 50, DAY),
  /** Mails to one recipient, whoever requests them: more would not help, and annoy. */
  mail_recipient: limit(3, 10, DAY),
  /** Registrations that ask to verify one email address. Separate from requested mails, because a shared limit would reveal that the address is new. */
  mail_proof: limit(3, 10, DAY),

  /** A user's creations: the daily rate is that of the busiest people. */
  posts: limit(300, 600, DAY),
  comments: limit(500, 2_000, DAY),
  likes: limit(1_000, 5_000, DAY),
  follows: limit(500, 2_000, DAY),
  /** Blocks and mutes: people who are harassed by hundreds must be able to block hundreds. */
  blocks: limit(200, 1_000, DAY),
  messages: limit(1_000, 10_000, DAY),
  /** Changes to posts, comments, profiles and messages, and deletions of messages, each of which adds a log entry. */
  edits: limit(500, 5_000, DAY),
  /** Messages to people who have never replied. */
  stranger_messages: limit(50, 100, DAY),
  /** Reports and appeals by a user. People who are harassed report many at once, but each takes a moderator's time. */
  reports: limit(50, 100, DAY),
  /** In bytes; an image counts as at least 64 KB. Allows a burst of a hundred photos; filling the bucket would take many accounts. */
  upload_bytes: limit(256 * MIB, 512 * MIB, DAY),
  renames: limit(5, 5, DAY),
  /** Changes to a user's notification settings, and to what they have seen. A page may send the latter each time it is viewed. */
  settings: limit(500, 5_000, DAY),

  /**
   * Sockets that a user opens. A socket lives no longer than an access token, and the limit refills once in that time,
   * so at most twice the burst is open: 50. The seconds are those of `ACCESS_TOKEN_SECONDS`.
   */
  sockets: limit(25, 25, 300),
  /** Frames from a user over all their sockets on a conversation. In memory of its object. */
  frames: limit(20, 20, 1),
  /** Conversations that a user's channel replays, over all their sockets. In memory of its object. */
  replays: limit(60, 60, 60),

  /** Password hashes. One takes 30 to 40 ms, during which an isolate does nothing else. In memory; further hashes are queued. */
  hashes: limit(1, 10, 1),
  /** Rows read by anonymous requests from one address: two thousand pages at once. In memory. */
  rows_read: limit(200_000, 200_000, 60),
} satisfies Record<string, Limit>

export type LimitName = keyof typeof LIMITS
/** Undefined means unlimited. */
export type Limits = Readonly<Record<LimitName, Limit | undefined>>

/** The least that an upload counts as, because each takes a lease and a call to the bucket. */
export const MIN_UPLOAD_BYTES = 64 * 1024
/**
 * Bytes of a user's uploads that an isolate stores at the same time, each counted as a 128th of them at least: sixteen of the largest images, or
 * everything that a client sends again and again under one Idempotency-Key.
 */
export const MAX_UPLOAD_BYTES_AT_ONCE = 32 * 1024 * 1024
export const MAX_UPLOADS_AT_ONCE = 128
/**
 * Idempotency-Keys of a user. One is kept for a day and comes with something that is created, so the limits of what a user creates bound
 * them at no cost; whoever raises those raises this.
 */
export const MAX_KEYS = 25_000
/** The longest wait for a password hash; requests that would wait longer get 503. */
export const MAX_HASH_WAIT_MS = 15_000
/** How many sockets a user may have on one conversation, or on their channel. */
export const MAX_SOCKETS_PER_OBJECT = 20
/** How many password reset links are valid at the same time. */
export const MAX_RESET_LINKS = 3
/** How many addresses an isolate remembers. */
export const MAX_ADDRESSES = 10_000

/** Throws `RangeError` if the variable is invalid. */
export function readLimits(variable: string, accessSeconds: number): Limits {
  const sockets = { ...LIMITS.sockets, seconds: accessSeconds }
  let limits: Record<string, Limit | undefined> = { ...LIMITS, sockets }
  for (const setting of variable.split(',').flatMap((part) => part.trim() || [])) {
    const [name = '', value] = setting.split('=')
    if (value === undefined) limits = Object.fromEntries(Object.entries(limits).map(multiplied(name)))
    else if (Object.hasOwn(LIMITS, name)) limits[name] = value === 'off' ? undefined : parse(name, value)
    else throw new RangeError(`LIMITS: there is no limit called ${JSON.stringify(name)}.`)
  }
  // Its names are those of `LIMITS`.
  return limits as Limits
}

/** Multiplies each limit, or removes it. */
function multiplied(value: string) {
  const factor = Number(value)
  if (value !== 'off' && !(factor > 0 && Number.isFinite(factor)))
    throw new RangeError('LIMITS must begin with `off` or a factor.')
  return ([name, limit]: [string, Limit | undefined]): [string, Limit | undefined] => [
    name,
    limit && value !== 'off'
      ? { ...limit, burst: limit.burst * factor, count: limit.count * factor }
      : undefined,
  ]
}

function parse(name: string, value: string): Limit {
  const [burst = 0, count = 0, seconds = 0, ...more] = value.split('/').map(Number)
  if (more.length > 0 || ![burst, count, seconds].every((number) => number > 0 && Number.isFinite(number)))
    throw new RangeError(`LIMITS: ${name} must be \`off\` or \`burst/count/seconds\`, such as 20/100/3600.`)
  return { burst, count, seconds }
}
