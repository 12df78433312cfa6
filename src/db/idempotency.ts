/**
 * Idempotent requests: the first answer's row is stored in the transaction that creates the requested
 * thing, so that neither exists without the other.
 * https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/
 */
import { and, eq, type SQL, sql } from 'drizzle-orm'
import type { Db } from './client'
import { type Columns, jsonObject } from './columns'
import { idempotencyKeys } from './schema'
import { build, selectedStatement, statement, writeStatement } from './statements'

const LIFETIME_MS = 24 * 3_600_000

export interface IdempotencyKey {
  userId: number
  route: string
  key: string
  /** SHA-256 of what is asked. */
  requestHash: string
}

/** Whether the key is unused: a guard for statements that must not run twice. */
export const isUnused = ({ userId, route, key }: IdempotencyKey): SQL =>
  sql`not exists (select 1 from idempotency_keys where user_id = ${userId} and route = ${route} and key = ${key})`

/**
 * The statement that stores the row which `from` (`from … where …`) finds, but for the columns that are given: long text, which who sends the
 * request again brings along, and which is to be gone when the row is. What is stored has 3 KB at most. Fails with a `UniqueViolation` where
 * the key is used. Writes 2 rows.
 */
export function rememberRowStatement(
  key: IdempotencyKey,
  columns: Columns,
  given: Readonly<Record<string, string>>,
  from: SQL,
  now: number,
) {
  const kept = Object.fromEntries(Object.entries(columns).filter(([name]) => !(name in given)))
  return writeStatement(sql`insert into idempotency_keys (user_id, route, key, request_hash, answer, created_at)
    select ${key.userId}, ${key.route}, ${key.key}, ${key.requestHash}, ${jsonObject(kept)}, ${now} ${from}`)
}

export interface Remembered {
  requestHash: string
  /** JSON: the row of the first answer, without what was given. */
  answer: string
}

/** The statement that finds what was stored under the key. */
export const rememberedStatement = ({ userId, route, key }: IdempotencyKey) =>
  statement(
    build
      .select({ requestHash: idempotencyKeys.requestHash, answer: idempotencyKeys.answer })
      .from(idempotencyKeys)
      .where(
        and(
          eq(idempotencyKeys.userId, userId),
          eq(idempotencyKeys.route, route),
          eq(idempotencyKeys.key, key),
        ),
      ),
  )

export async function findRemembered(db: Db, key: IdempotencyKey): Promise<Remembered | undefined> {
  const [rows] = await db.batch([rememberedStatement(key)])
  return rows[0]
}

/** The statement that forgets keys past their life, so many of them. Gives one row for each. */
export const deleteExpiredKeysStatement = (now: number, limit: number) =>
  selectedStatement(
    { gone: sql<1>`1` },
    sql`delete from idempotency_keys where (user_id, route, key) in (select user_id, route, key from idempotency_keys
      where created_at < ${now - LIFETIME_MS} order by created_at limit ${limit}) returning 1 as gone`,
  )
