/**
 * Guesses of a password, counted before anything is hashed, in the batch that finds the account.
 *
 * From a device that has signed in to the account before, a guess is counted for that device alone: whatever others do, its owner gets in.
 * From elsewhere it is counted by address and account together, by address, and by account. The last of these refuses nobody: once an
 * account has been tried too often, each address has to wait half a minute between tries, before its first one too.
 */
import { type SQL, sql } from 'drizzle-orm'
import { chargeStatement, charges, rateLimitKey, resetLimitStatement } from '../db/rate-limits'
import { type Statement, selectStatement, writeStatement } from '../db/statements'
import { intervalMs, policyOf, toleranceMs } from '../limits/gcra'
import type { Limits } from '../limits/limits'
import { Throttled } from '../limits/throttled'

/** Who guesses whose password; hashes (`subjects.ts`). */
export interface Guess {
  account: string
  /** The device, where it may be known, and whether the account is one that it has signed in to. */
  device?: { id: string; isKnown: SQL } | undefined
  address: string | undefined
}

const pairOf = ({ account, address = '' }: Guess) => `${address}:${account}`

/**
 * The statements that take back the guess of a good password, which was none. Not while there is enough left: a time stamp that stays costs
 * nothing, and a known device has enough of its own.
 */
export function takeBackStatements(guess: Guess, limits: Limits, now: number): Statement[] {
  const limit = limits.login_account_address
  if (!limit) return []
  const key = rateLimitKey('login_account_address', pairOf(guess))
  return [resetLimitStatement(key, now + toleranceMs(limit) / 2)]
}

/**
 * The statements that count a guess; the second gives how the account is doing, for `requireTurn`, and whether the device is known. They fail with
 * `Throttled`. They read up to 14 rows, and write 1 from a known device, else 3.
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
  // What they were before: these are read first, and given last.
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

/** Where the account is not tried too often it is counted, else the address begins to wait, or takes its turn. */
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

/** How the account was doing before the guess. */
export interface Turn {
  isKnown: number
  accountAt: number
  waitAt: number | null
}

/** Throws `Throttled` where the account is tried too often, and it is not this address's turn yet. */
export function requireTurn(turn: Turn | undefined, limits: Limits, now: number): void {
  const { login_account: all, login_wait: wait } = limits
  if (!turn || !all || !wait || turn.accountAt <= now + toleranceMs(all) - intervalMs(all)) return
  if (turn.waitAt !== null && turn.waitAt <= now) return
  throw new Throttled((turn.waitAt ?? now + intervalMs(wait)) - now, policyOf('login_wait', wait))
}
