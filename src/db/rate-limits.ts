/**
 * Limits that are kept in D1: a time stamp for each key, moved on in the batch that does what is limited. Where that is too much the batch
 * fails, with nothing written.
 */
import { type SQL, sql } from 'drizzle-orm'
import {
  intervalMs,
  type Limit,
  latestStamp,
  policyOf,
  type Quota,
  quotaOf,
  toleranceMs,
} from '../limits/gcra'
import type { LimitName, Limits } from '../limits/limits'
import { THROTTLED_MARK } from '../limits/throttled'
import { dialect } from './columns'
import { Statement, selectedStatement, selectStatement, writeStatement } from './statements'

/** What is to be used up. */
export interface Charge {
  name: LimitName
  limit: Limit
  key: string
  cost: number
}

/** Nothing, where the limit is off. */
export function charges(limits: Limits, name: LimitName, subject: string | number, cost = 1): Charge[] {
  const limit = limits[name]
  return limit ? [{ name, limit, key: rateLimitKey(name, subject), cost }] : []
}

/** Where the time stamp is kept. Subjects that are people's data are given as hashes. */
export const rateLimitKey = (name: LimitName, subject: string | number) => `${name}:${subject}`

interface Stamp {
  key: string
  at: number
}

/** Uses up what it is told to, of all keys or of none. What is left the session remembers, for the answer's headers. */
export class ChargeStatement extends Statement<Stamp[]> {
  readonly #charges: readonly Charge[]
  readonly #now: number

  constructor(charges: readonly Charge[], now: number, condition: SQL) {
    const query = chargeQuery(charges, now, condition)
    super({ getQuery: () => dialect.sqlToQuery(query), mapResult: ({ results }) => results })
    this.#charges = charges
    this.#now = now
  }

  /** What is left of the first that was used. */
  quota(stamps: readonly Stamp[]): Quota | undefined {
    for (const { name, limit, key } of this.#charges) {
      const stamp = stamps.find((one) => one.key === key)
      if (stamp) return quotaOf(name, limit, stamp.at, this.#now)
    }
    return undefined
  }
}

/**
 * The statement that uses these up where the condition is true. Fails with `Throttled`, and its batch with it, where one of them is not due.
 * Reads 2 rows for each and writes 1.
 */
export const chargeStatement = (
  charges: readonly Charge[],
  now: number,
  condition: SQL = sql`true`,
): ChargeStatement => new ChargeStatement(charges, now, condition)

/** SQLite raises errors of our own only inside triggers; that of a JSON path which is none holds the path. */
function chargeQuery(charges: readonly Charge[], now: number, condition: SQL): SQL {
  const asked = charges.map(({ name, limit, key, cost }) => {
    const { quota, windowSeconds } = policyOf(name, limit)
    const label = `${name} ${quota} ${windowSeconds}`
    return [key, cost * intervalMs(limit), toleranceMs(limit), label, latestStamp(limit, now)]
  })
  return sql`insert into rate_limits (key, at)
    with asked as (
      select l.value ->> 0 as key, max(iif(r.at <= l.value ->> 4, r.at, 0), ${now}) + (l.value ->> 1) as next,
        l.value ->> 2 as tolerance, l.value ->> 3 as label
      from json_each(${JSON.stringify(asked)}) l left join rate_limits r on r.key = l.value ->> 0 where ${condition})
    select key, case when next - tolerance > ${now} and next - tolerance = (select max(next - tolerance) from asked)
      then json_extract('{}', ${THROTTLED_MARK} || ' ' || (next - tolerance - ${now}) || ' ' || label) else next end
    from asked where true
    on conflict (key) do update set at = excluded.at returning key, at`
}

/** The statement that makes a key as if it had never been used, where its time stamp is beyond this. */
export const resetLimitStatement = (key: string, beyond: number) =>
  writeStatement(sql`delete from rate_limits where key = ${key} and at > ${beyond}`)

/** The statement that forgets names that others may take again, so many of them. Gives one row for each. */
export const deleteReleasedUsernamesStatement = (now: number, limit: number) =>
  selectedStatement(
    { gone: sql<1>`1` },
    sql`delete from held_usernames where username_key in
      (select username_key from held_usernames where until <= ${now} limit ${limit}) returning 1 as gone`,
  )

/** Where the newest sweep has stopped is kept in the table itself, under a key that sorts after all others. */
const POSITION = '~'

/** The key after which a sweep is to go on; empty for the beginning. */
export const sweepPositionStatement = () =>
  selectStatement(
    { key: sql<string>`substr(key, 2)` },
    sql`from rate_limits where key >= ${POSITION} limit 1`,
  )

/** The latest of all time stamps that are not of the far future. */
export const latestStampOf = (limits: Limits, now: number): number =>
  Math.max(now, ...Object.values(limits).flatMap((limit) => (limit ? latestStamp(limit, now) : [])))

/**
 * The statements that look at so many keys after this one, forget those that have nothing used up, or only in a future that is further than
 * `latest`, and remember where they stopped; the first gives the key where that is, and no row at the end of the table.
 */
export const sweepLimitsStatements = (
  after: string,
  { now, latest }: { now: number; latest: number },
  limit: number,
) => {
  const end = sql`coalesce((select key from rate_limits where key > ${after} and key < ${POSITION}
    order by key limit 1 offset ${limit - 1}), ${POSITION})`
  return [
    selectedStatement({ key: sql<string>`key` }, sql`select ${end} as key where ${end} <> ${POSITION}`),
    writeStatement(sql`insert into rate_limits (key, at) select ${POSITION} || nullif(${end}, ${POSITION}), 0 where ${end} <> ${POSITION}
      on conflict do nothing`),
    writeStatement(
      sql`delete from rate_limits where key > ${after} and key <= ${end} and key < ${POSITION}
        and (at <= ${now} or at > ${latest})`,
    ),
    writeStatement(sql`delete from rate_limits where key = ${POSITION + after}`),
  ] as const
}
