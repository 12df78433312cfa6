/**
 * The one way to D1: a session per request, whose calls and rows are counted and whose errors have names.
 *
 * Everything is sent with `batch`, which is one round trip and one transaction, also for a single statement:
 * only its answers carry `meta`. Statements that join must alias columns of the same name (drizzle maps a
 * batch's answers by name).
 */
import { type SQL, sql } from 'drizzle-orm'
import type { BatchItem, BatchResponse } from 'drizzle-orm/batch'
import { type DrizzleD1Database, drizzle } from 'drizzle-orm/d1'
import type { RunnableQuery } from 'drizzle-orm/runnable-query'
import { dialect } from './columns'
import { normalizeError } from './errors'

export interface Cost {
  calls: number
  rowsRead: number
  rowsWritten: number
}

/** What a session has cost, and where it has come to. */
export interface Spent {
  cost: Cost
  bookmark: string | null
}

export interface DbOptions {
  /** Read at least as new as this (what an earlier answer gave). */
  bookmark?: string | undefined
  /** Without a bookmark: ask the primary, not the nearest replica. */
  primary: boolean
}

type Statement = BatchItem<'sqlite'>
type Rows<Row> = RunnableQuery<Row[], 'sqlite'>

export interface Db {
  /** Builds statements; send them with `batch`. */
  readonly build: DrizzleD1Database
  /** A statement in SQL; its columns' names are the row's. */
  rows<Row>(query: SQL): Rows<Row>
  readonly cost: Readonly<Cost>
  /** What a client sends back to read its own writes. */
  bookmark(): string | null
  /** Takes over what was done for this request elsewhere, in a Durable Object. */
  include(spent: Spent): void
  /**
   * One call, one transaction. Throws the errors of `errors.ts`; nothing is written then.
   */
  batch<T extends [Statement, ...Statement[]]>(statements: T): Promise<BatchResponse<T>>
  /** The statement that fails, and with it its batch, unless the user is there and active: `UserNotFound`, `UserInactive`. */
  assertActive(userId: number): Rows<unknown>
  /** The same session for a signed-in user: every batch fails with nothing written if they are gone or inactive. */
  as(userId: number): Db
}

/**
 * Builds statements only, hence no real database: making a builder for each request costs as much as a short statement.
 */
const build = drizzle(
  {
    prepare: () => undefined,
    batch: () => Promise.reject(new Error('sent with Db.batch')),
  } as unknown as D1Database,
  { casing: 'snake_case' },
)

/** https://developers.cloudflare.com/d1/best-practices/read-replication/ */
export function openDb(binding: D1Database, options: DbOptions): Db {
  const session = binding.withSession(
    options.bookmark ?? (options.primary ? 'first-primary' : 'first-unconstrained'),
  )
  const cost: Cost = { calls: 0, rowsRead: 0, rowsWritten: 0 }
  let elsewhere: string | undefined

  async function batch<T extends [Statement, ...Statement[]]>(statements: T): Promise<BatchResponse<T>> {
    cost.calls += 1
    try {
      // drizzle leaves `_prepare` out of the types of its statements.
      const prepared = statements.map((statement) => (statement as unknown as Preparable)._prepare())
      const results = await session.batch(
        prepared.map((one) => {
          const query = one.getQuery()
          return session.prepare(query.sql).bind(...query.params)
        }),
      )
      for (const { meta } of results) {
        cost.rowsRead += meta.rows_read
        cost.rowsWritten += meta.rows_written
      }
      // Each statement maps its own answer; what that makes of the tuple, drizzle's type says.
      return results.map((result, i) => prepared[i]?.mapResult(result, true)) as BatchResponse<T>
    } catch (error) {
      throw normalizeError(error)
    }
  }

  const db: Db = {
    build,
    rows,
    cost,
    batch,
    bookmark: () => elsewhere ?? session.getBookmark(),
    include(spent) {
      cost.calls += spent.cost.calls
      cost.rowsRead += spent.cost.rowsRead
      cost.rowsWritten += spent.cost.rowsWritten
      elsewhere = spent.bookmark ?? undefined
    },
    assertActive: (userId) => rows(assertActive(userId)),
    as: (userId) => ({
      ...db,
      async batch<T extends [Statement, ...Statement[]]>(statements: T) {
        const [, ...rest] = await batch([rows(assertActive(userId)), ...statements])
        // The first answer is the assertion's; the type of a tuple's tail is lost on the compiler.
        return rest as unknown as BatchResponse<T>
      },
    }),
  }
  return db
}

/** What drizzle's own `batch` uses of a statement (0.45), and all that this file does. */
interface Preparable {
  _prepare(): {
    getQuery(): { sql: string; params: unknown[] }
    mapResult(result: D1Result, isFromBatch: true): unknown
  }
}

/** SQL of our own: drizzle's raw statements cannot have parameters in a batch (0.45). */
function rows<Row>(raw: SQL): Rows<Row> {
  const statement: Preparable = {
    _prepare: () => ({ getQuery: () => dialect.sqlToQuery(raw), mapResult: ({ results }) => results }),
  }
  // Nobody asks it for more; the class that has the rest is not exported.
  return statement as unknown as Rows<Row>
}

/**
 * Fails, and with it the whole batch, unless the user is there and active. SQLite raises errors of our own only
 * inside triggers, so this provokes two that no other statement here can cause. Reads 1 row.
 */
function assertActive(userId: number): SQL {
  return sql`select case (select is_active from users where id = ${userId})
    when 1 then null when 0 then json('inactive') else abs(-9223372036854775807 - 1) end as active`
}
