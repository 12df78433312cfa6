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
import { SQLiteAsyncDialect } from 'drizzle-orm/sqlite-core'
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

/** https://developers.cloudflare.com/d1/best-practices/read-replication/ */
export function openDb(binding: D1Database, options: DbOptions): Db {
  const session = binding.withSession(
    options.bookmark ?? (options.primary ? 'first-primary' : 'first-unconstrained'),
  )
  const cost: Cost = { calls: 0, rowsRead: 0, rowsWritten: 0 }
  let elsewhere: string | undefined
  const metered: Pick<D1Database, 'prepare' | 'batch'> = {
    prepare: (query) => session.prepare(query),
    async batch<T>(statements: D1PreparedStatement[]) {
      cost.calls += 1
      const results = await session.batch<T>(statements)
      for (const { meta } of results) {
        cost.rowsRead += meta.rows_read
        cost.rowsWritten += meta.rows_written
      }
      return results
    },
  }
  // drizzle asks for a D1Database but uses only the two methods that a session has too.
  const build = drizzle(metered as D1Database, { casing: 'snake_case' })

  async function batch<T extends [Statement, ...Statement[]]>(statements: T): Promise<BatchResponse<T>> {
    try {
      return await build.batch(statements)
    } catch (error) {
      throw normalizeError(error)
    }
  }

  const rows = <Row>(query: SQL) => rawStatement<Row>(metered, query)
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

const dialect = new SQLiteAsyncDialect({ casing: 'snake_case' })

/**
 * What drizzle's `batch` asks of a statement, for SQL of our own: its own raw statements cannot have parameters in a
 * batch (0.45).
 */
function rawStatement<Row>(client: Pick<D1Database, 'prepare'>, raw: SQL): Rows<Row> {
  const query = dialect.sqlToQuery(raw)
  const prepared = {
    stmt: client.prepare(query.sql),
    getQuery: () => query,
    mapResult: (result: D1Result<Row>) => result.results,
  }
  // Only these members are used; the class that has them is not exported.
  return { _prepare: () => prepared } as unknown as Rows<Row>
}

/**
 * Fails, and with it the whole batch, unless the user is there and active. SQLite raises errors of our own only
 * inside triggers, so this provokes two that no other statement here can cause. Reads 1 row.
 */
function assertActive(userId: number): SQL {
  return sql`select case (select is_active from users where id = ${userId})
    when 1 then null when 0 then json('inactive') else abs(-9223372036854775807 - 1) end as active`
}
