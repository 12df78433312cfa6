/**
 * Guesses of a password, counted before anything is hashed, in the batch that finds the account.
 *
 * A guess from a device that has signed in to the account before is counted for that device alone, so nobody else can lock the owner out. Any other
 * guess is counted by address and account together, by address, and by account. The count by account refuses nobody: once it is exceeded, each
 * address waits half a minute between attempts, and also before its first.
 */
import { type SQL, sql } from 'drizzle-orm'
import { chargeStatement, charges, rateLimitKey, resetLimitStatement } from '../db/rate-limits'
import { type Statement, selectStatement, writeStatement } from '../db/statements'
import { intervalMs, policyOf, toleranceMs } from '../limits/gcra'
import type { Limits } from '../limits/limits'
import { Throttled } from '../limits/throttled'

/** A guess of a password; account and address are hashes (`subjects.ts`). */
export interface Guess {
  account: string
  /** The device, if it may count as known, and the condition that it has signed in to this account. */
  device?: { id: string; isKnown: SQL } | undefined
  address: string | undefined
}

const pairOf = ({ account, address = '' }: Guess) => `${address}:${account}`

/**
 * The statements that take a guess back because the password was right. They write nothing while at least half of the limit is left: the time stamp
 * costs nothing, and a known device has its own limit.
 */
export function takeBackStatements(guess: Guess, limits: Limits, now: number): Statement[] {
  const limit = limits.login_account_address
  if (!limit) return []
  const key = rateLimitKey('login_account_address', pairOf(guess))
  return [resetLimitStatement(key, now + toleranceMs(limit) / 2)]
}

/**
 * The statements that count a guess, or fail with `Throttled`. The second returns the account's count before the guess, for `requireTurn`, and
 * whether the device is known. They read up to 14 rows, and write 1 for a known device, otherwise 3.
 */
export function guessStatements(guess: Guess, limits: Limits, now: number) {
  const { account, device, address } = guess
  const isKnown = device?.isKnown ?? sql`false`
  const accountKey = rateLimitKey('login_account', account)
  const waitKey = rateLimitKey('login_wait', pairOf(guess))
  const stampOf = (key: string) => sql`(select at from rate_limits where key = ${key})`
  const elsewhere = [
    ...charges(limits, 'login_account_address', pairOf(guess)),
    ...(address === undefined ? [] : charges(limits, 'login_address', address)),
  ]
  // Selects the values from before this guess: it runs before the statements that change them.
  const asked = selectStatement(
    {
      isKnown: sql<number>`${isKnown}`,
      accountAt: sql<number>`iif(${isKnown}, 0, coalesce(${stampOf(accountKey)}, 0))`,
      waitAt: sql<number | null>`${stampOf(waitKey)}`,
    },
    sql``,
  )
  return [
    chargeStatement(elsewhere, now, sql`not ${isKnown}`),
    asked,
    ...(device
      ? [chargeStatement(charges(limits, 'login_device', `${device.id}:${account}`), now, isKnown)]
      : []),
    ...slowingStatements(limits, { accountKey, waitKey, now }, sql`not ${isKnown}`),
  ] as const
}

/** Counts the attempt for the account; if the account's limit is exceeded, the address starts to wait or uses its turn instead. */
function slowingStatements(
  { login_account: all, login_wait: wait }: Limits,
  { accountKey, waitKey, now }: { accountKey: string; waitKey: string; now: number },
  condition: SQL,
): Statement[] {
  if (!all || !wait) return []
  const latest = now + toleranceMs(all) - intervalMs(all)
  return [
    writeStatement(sql`insert into rate_limits (key, at) select ${waitKey}, ${now + intervalMs(wait)}
      where coalesce((select at from rate_limits where key = ${accountKey}), 0) > ${latest} and ${condition}
      on conflict (key) do update set at = excluded.at where at <= ${now}`),
    writeStatement(sql`insert into rate_limits (key, at) select ${accountKey}, ${now + intervalMs(all)} where ${condition}
      on conflict (key) do update set at = max(at, ${now}) + ${intervalMs(all)} where at <= ${latest}`),
  ]
}

/** The state before the guess. */
export interface Turn {
  isKnown: number
  accountAt: number
  waitAt: number | null
}

/** Throws `Throttled` if the account's limit is exceeded and this address has not waited long enough. */
export function requireTurn(turn: Turn | undefined, limits: Limits, now: number): void {
  const { login_account: all, login_wait: wait } = limits
  if (!turn || !all || !wait || turn.accountAt <= now + toleranceMs(all) - intervalMs(all)) return
  if (turn.waitAt !== null && turn.waitAt <= now) return
  throw new Throttled((turn.waitAt ?? now + intervalMs(wait)) - now, policyOf('login_wait', wait))
}
