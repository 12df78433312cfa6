/**
 * The one way to D1: a session per request, whose calls and rows are counted and whose errors have names.
 *
 * Everything is sent with `batch`, which is one round trip and one transaction, also for a single statement:
 * only its answers carry `meta`.
 */
import { sql } from 'drizzle-orm'
import type { Quota } from '../limits/gcra'
import { normalizeError } from './errors'
import { type MarkedImage, MarkStatement } from './image-leases'
import { ChargeStatement } from './rate-limits'
import { type ResultsOf, type Statement, selectStatement } from './statements'

/** What was asked of D1, by its own counters. */
export interface Usage {
  calls: number
  rowsRead: number
  rowsWritten: number
}

/** Where a session has come to, for another that continues it. */
export interface SessionState {
  usage: Usage
  bookmark: string | null
  markedImages: MarkedImage[]
  quota: Quota | undefined
}

export interface DbOptions {
  /** Read at least as new as this (what an earlier answer gave). */
  bookmark?: string | undefined
  /** Without a bookmark: ask the primary, not the nearest replica. */
  primary: boolean
}

export interface Db {
  readonly usage: Readonly<Usage>
  /** Images that the session's writes have left unneeded: to be deleted from the bucket once the client has its answer. */
  readonly markedImages: readonly MarkedImage[]
  /** What is left of the limit that the newest write has counted against. */
  quota(): Quota | undefined
  /** What a client sends back to read its own writes. */
  bookmark(): string | null
  /** Takes over what was done for this request elsewhere, in a Durable Object. */
  include(elsewhere: SessionState): void
  /** One call, one transaction. Throws the errors of `errors.ts`; nothing is written then. No statements, no call. */
  batch<S extends readonly Statement[]>(statements: readonly [...S]): Promise<ResultsOf<S>>
  /** The same session for a signed-in user: every batch fails with nothing written if they are gone or inactive. */
  forUser(userId: number): Db
}

/** https://developers.cloudflare.com/d1/best-practices/read-replication/ */
export function openDb(binding: D1Database, options: DbOptions): Db {
  const session = binding.withSession(
    options.bookmark ?? (options.primary ? 'first-primary' : 'first-unconstrained'),
  )
  const usage: Usage = { calls: 0, rowsRead: 0, rowsWritten: 0 }
  const markedImages: MarkedImage[] = []
  let elsewhere: string | undefined
  let quota: Quota | undefined

  async function send(statements: readonly Statement[]): Promise<unknown[]> {
    if (statements.length === 0) return []
    usage.calls += 1
    try {
      const answers = await session.batch(
        statements.map(({ query }) => session.prepare(query.sql).bind(...query.params)),
      )
      return answers.map((answer, i) => {
        usage.rowsRead += answer.meta.rows_read
        usage.rowsWritten += answer.meta.rows_written
        const one = statements[i]
        const result = one?.read(answer)
        if (one instanceof MarkStatement) markedImages.push(...one.read(answer))
        if (one instanceof ChargeStatement) quota = one.quota(one.read(answer)) ?? quota
        return result
      })
    } catch (error) {
      throw normalizeError(error)
    }
  }

  const db: Db = {
    usage,
    markedImages,
    // Each statement reads its own answer; what that makes of the tuple, the type says.
    batch: async <S extends readonly Statement[]>(statements: readonly [...S]) =>
      (await send(statements)) as ResultsOf<S>,
    quota: () => quota,
    bookmark: () => elsewhere ?? session.getBookmark(),
    include(state) {
      usage.calls += state.usage.calls
      usage.rowsRead += state.usage.rowsRead
      usage.rowsWritten += state.usage.rowsWritten
      markedImages.push(...state.markedImages)
      elsewhere = state.bookmark ?? undefined
      quota = state.quota ?? quota
    },
    forUser: (userId) => ({
      ...db,
      async batch<S extends readonly Statement[]>(statements: readonly [...S]) {
        const [, ...results] = await send([activeUserStatement(userId), ...statements])
        return results as ResultsOf<S>
      },
    }),
  }
  return db
}

/** What a session hands over to another. */
export const stateOf = (db: Db): SessionState => ({
  usage: db.usage,
  bookmark: db.bookmark(),
  markedImages: [...db.markedImages],
  quota: db.quota(),
})

/**
 * The statement that fails, and with it its batch, unless the user is there and active: `UserNotFound`, `UserInactive`. SQLite raises errors
 * of our own only inside triggers, so this provokes two that no other statement here can cause. Reads 1 row.
 */
export const activeUserStatement = (userId: number) =>
  selectStatement(
    {
      active: sql<null>`case (select is_active from users where id = ${userId})
        when 1 then null when 0 then json('inactive') else abs(-9223372036854775807 - 1) end`,
    },
    sql``,
  )
