/**
 * Every limit: its name, its default and why. The variable `LIMITS` is `off`, or a factor for all; limits may be set by name after it, to
 * `burst/count/seconds` or `off`: `2, posts=50/500/86400, frames=off`.
 *
 * An address is what Cloudflare says in `CF-Connecting-IP`, of IPv6 the first 64 bits, as a household is given that many. Limits are kept in
 * D1 (`db/rate-limits.ts`) but for those of which this says that they are kept in memory: of an isolate, where they are approximate, or of
 * a conversation's object.
 */
import type { Limit } from './gcra'

const HOUR = 3_600
const DAY = 86_400
const MIB = 2 ** 20

const limit = (burst: number, count: number, seconds: number): Limit => ({ burst, count, seconds })

export const LIMITS = {
  /** Guesses of one account's password from one address. Ten are more than people need who have forgotten which of theirs it was. */
  login_account_address: limit(10, 10, DAY),
  /** Logins from one address, to whatever accounts: a large office in the morning, but no list of stolen passwords. */
  login_address: limit(100, 300, HOUR),
  /** Logins to one account from all addresses. Beyond it nobody is refused who waits for `login_wait`: nobody can lock another out. */
  login_account: limit(20, 20, HOUR),
  /** While an account is under attack each address may try once in so long, its first time too: the owner is in within a minute. */
  login_wait: limit(1, 1, 30),
  /** Logins on a device that has signed in to this account before, good ones too: its own, whatever others do. */
  login_device: limit(60, 60, HOUR),
  /** Logins on such devices from one address, to whatever accounts; beyond it they count as from elsewhere. In memory. */
  login_devices: limit(300, 600, HOUR),
  /** Of a signed-in user: whoever holds a stolen token must not find the password out. */
  password_change: limit(10, 10, HOUR),
  /** New passwords by a mailed link, from one address: a link's token cannot be guessed, and a hash is dear. */
  password_reset: limit(20, 60, HOUR),
  /** Registrations from one address, refused ones too: a class signs up at once, a script does not fill the table. */
  registration: limit(100, 500, DAY),
  /** Mails asked for from one address. */
  mail_address: limit(20, 50, DAY),
  /** Mails to one recipient, whoever asks for them: more would be no help, and a nuisance. */
  mail_recipient: limit(3, 10, DAY),
  /** Registrations with one address that ask it to prove itself, apart from what it asks for: the answer would tell that it is new. */
  mail_proof: limit(3, 10, DAY),

  /** What a user creates in a day beyond the burst is what the busiest people do. */
  posts: limit(300, 600, DAY),
  comments: limit(500, 2_000, DAY),
  likes: limit(1_000, 5_000, DAY),
  follows: limit(500, 2_000, DAY),
  /** Blocks and mutes: whoever is harassed by hundreds blocks hundreds. */
  blocks: limit(200, 1_000, DAY),
  messages: limit(1_000, 10_000, DAY),
  /** Changes of posts, comments, profiles and messages, deletions of messages too: each of these is one more entry of the log. */
  edits: limit(500, 5_000, DAY),
  /** Messages to people who have never written back. */
  stranger_messages: limit(50, 100, DAY),
  /** Reports and appeals of a user: somebody who is being harassed reports many at once, and each takes a moderator's time. */
  reports: limit(50, 100, DAY),
  /** In bytes; an image counts as 64 KB at least. A burst of a hundred photos; to fill the bucket takes accounts. */
  upload_bytes: limit(256 * MIB, 512 * MIB, DAY),
  renames: limit(5, 5, DAY),
  /** What a user sets for themselves: which notifications they want, and which they have seen. A page may say the latter each time it is looked at. */
  settings: limit(500, 5_000, DAY),

  /**
   * Sockets that a user opens. A socket lives no longer than an access token, so with as many coming free in a token's life as may be
   * opened at once, at most twice as many are open: 50. The seconds are those of `ACCESS_TOKEN_SECONDS`.
   */
  sockets: limit(25, 25, 300),
  /** Frames of a user on all their sockets of a conversation. In memory of its object. */
  frames: limit(20, 20, 1),
  /** Conversations of which a user's channel says once more what happened, on all their sockets. In memory of its object. */
  replays: limit(60, 60, 60),

  /** Password hashes. One takes 30 to 40 ms during which an isolate does nothing else. In memory; others wait for their turn. */
  hashes: limit(1, 10, 1),
  /** Rows that nobody signed in has read from one address: two thousand pages at once. In memory. */
  rows_read: limit(200_000, 200_000, 60),
} satisfies Record<string, Limit>

export type LimitName = keyof typeof LIMITS
/** Undefined: there is none. */
export type Limits = Readonly<Record<LimitName, Limit | undefined>>

/** An upload counts as so many bytes at least: each takes a lease and a call to the bucket. */
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
/** Password hashes wait for their turn so long; whoever would have to wait longer is told to come back. */
export const MAX_HASH_WAIT_MS = 15_000
/** A user may have so many sockets on one conversation. */
export const MAX_SOCKETS_PER_CONVERSATION = 20
/** Links to choose a new password that are good at the same time. */
export const MAX_RESET_LINKS = 3
/** Addresses that an isolate remembers. */
export const MAX_ADDRESSES = 10_000

/** Throws `RangeError` where the variable cannot be read. */
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

/** Gives each limit its multiple, or none. */
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
