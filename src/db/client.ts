/**
 * The only access to D1: a session per request, which counts calls and rows and translates errors.
 *
 * Everything is sent with `batch`, which is one round trip and one transaction, also for a single statement:
 * only its answers carry `meta`.
 */
import { sql } from 'drizzle-orm'
import { withinDeadline } from '../deadline'
import type { Quota } from '../limits/gcra'
import { normalizeError } from './errors'
import { type MarkedImage, MarkStatement } from './image-leases'
import { ROLES, type Role } from './moderation-words'
import { ChargeStatement } from './rate-limits'
import { sessionNamed } from './session-names'
import { type Query, type ResultsOf, type Statement, selectStatement, writes } from './statements'
import { ToldStatement } from './told'
import { isNotDeleted, isNotSuspended } from './visibility'

/** The timeout of a call. After that its outcome is unknown. */
export const DEADLINES_MS = {
  /** For a batch of SELECTs only, which can be abandoned at no cost. */
  read: 5_000,
  write: 10_000,
} as const

/** Usage of D1, by its own counters. */
export interface Usage {
  calls: number
  rowsRead: number
  rowsWritten: number
}

/** The state of a session, for another that continues it. */
export interface SessionState {
  usage: Usage
  bookmark: string | null
  markedImages: MarkedImage[]
  quota: Quota | undefined
}

/** The signed-in user, and the session that their token names, if any: tokens issued elsewhere name none. */
export interface SignedIn {
  userId: number
  session?: string | undefined
  /** The lowest role allowed; others get `NotStaff`. */
  role?: Role | undefined
  /** Whether suspended users are allowed too (`auth/suspended.ts`). */
  mayBeSuspended?: boolean
}

export interface DbOptions {
  /** Reads data at least as new as this bookmark from an earlier answer. */
  bookmark?: string | undefined
  /** Without a bookmark: read from the primary, not the nearest replica. */
  primary: boolean
}

export interface Db {
  readonly usage: Readonly<Usage>
  /** Images that the session's writes left without references: deleted from the bucket after the answer is sent. */
  readonly markedImages: readonly MarkedImage[]
  /** Users whom the session's writes have notified: their channels are told after the answer is sent. */
  readonly told: ReadonlySet<number>
  /** What is left of the limit that the latest write counted against. */
  quota(): Quota | undefined
  /** The bookmark that a client sends back to read its own writes. */
  bookmark(): string | null
  /** Adopts what a Durable Object has done for this request. */
  include(elsewhere: SessionState): void
  /**
   * One call, one transaction. Throws the errors of `errors.ts`: `Rejected` if nothing was written, `DatabaseUnavailable` if that is
   * unknown. Without statements there is no call.
   */
  batch<S extends readonly Statement[]>(statements: readonly [...S]): Promise<ResultsOf<S>>
  /** The same for a signed-in user: every batch fails with nothing written if they are gone or inactive, or their session has ended. */
  forUser(user: SignedIn): Db
}

/** https://developers.cloudflare.com/d1/best-practices/read-replication/ */
export function openDb(binding: D1Database, options: DbOptions): Db {
  let opened: D1DatabaseSession | undefined
  // At its first use, as there may be no binding: what answers that (`http/config.ts`) runs later.
  const session = () => {
    opened ??= binding.withSession(
      options.bookmark ?? (options.primary ? 'first-primary' : 'first-unconstrained'),
    )
    return opened
  }
  const usage: Usage = { calls: 0, rowsRead: 0, rowsWritten: 0 }
  const markedImages: MarkedImage[] = []
  const told = new Set<number>()
  let elsewhere: string | undefined
  let quota: Quota | undefined

  async function send(statements: readonly Statement[]): Promise<unknown[]> {
    if (statements.length === 0) return []
    usage.calls += 1
    const queries = statements.map(({ query }) => query)
    const answers = await ask(queries).catch((error: unknown) => {
      throw normalizeError(error)
    })
    // The batch has been written: an error below is a bug, and must not look like one of D1.
    return answers.map((answer, i) => {
      usage.rowsRead += answer.meta.rows_read
      usage.rowsWritten += answer.meta.rows_written
      const one = statements[i]
      const result = one?.read(answer)
      if (one instanceof MarkStatement) markedImages.push(...one.read(answer))
      if (one instanceof ToldStatement) for (const { recipientId } of one.read(answer)) told.add(recipientId)
      if (one instanceof ChargeStatement) quota = one.quota(one.read(answer)) ?? quota
      return result
    })
  }

  async function ask(queries: Query[]): Promise<D1Result[]> {
    const d1 = session()
    const prepared = queries.map((query) => d1.prepare(query.sql).bind(...query.params))
    const ms = queries.some(writes) ? DEADLINES_MS.write : DEADLINES_MS.read
    return await withinDeadline(ms, () => d1.batch(prepared))
  }

  const db: Db = {
    usage,
    markedImages,
    told,
    // Each statement reads its own answer; what that makes of the tuple, the type says.
    batch: async <S extends readonly Statement[]>(statements: readonly [...S]) =>
      (await send(statements)) as ResultsOf<S>,
    quota: () => quota,
    bookmark: () => elsewhere ?? opened?.getBookmark() ?? null,
    include(state) {
      usage.calls += state.usage.calls
      usage.rowsRead += state.usage.rowsRead
      usage.rowsWritten += state.usage.rowsWritten
      markedImages.push(...state.markedImages)
      elsewhere = state.bookmark ?? undefined
      quota = state.quota ?? quota
    },
    forUser: (user) => ({
      ...db,
      async batch<S extends readonly Statement[]>(statements: readonly [...S]) {
        const [, ...results] = await send([activeUserStatement(user), ...statements])
        return results as ResultsOf<S>
      },
    }),
  }
  return db
}

/** What one session passes to another. */
export const stateOf = (db: Db): SessionState => ({
  usage: db.usage,
  bookmark: db.bookmark(),
  markedImages: [...db.markedImages],
  quota: db.quota(),
})

/**
 * The statement that makes its batch fail unless the user exists, is active and not suspended, has the required role, and
 * their session has not ended: `UserNotFound`, `UserInactive`, `NotStaff`, `SessionEnded`. SQLite raises errors of our own only inside triggers, so
 * this provokes some that no other statement here can cause. Reads 1 row, 1 more for the session, and 1 for the role.
 */
export const activeUserStatement = ({ userId, session, role, mayBeSuspended = false }: SignedIn) =>
  selectStatement(
    {
      active: sql<null>`case (select is_active and (${Number(mayBeSuspended)} or ${isNotSuspended(sql`users.id`)}) from users where id = ${userId} and ${isNotDeleted(sql`users.id`)})
        when 1 then coalesce(${session === undefined ? sql`null` : liveSession(userId, session)},
          ${role === undefined ? sql`null` : hasRole(userId, role)})
        when 0 then json('inactive')
        else abs(-9223372036854775807 - 1) end`,
    },
    sql``,
  )

const hasRole = (userId: number, role: Role) =>
  sql`case when exists (select 1 from users where id = ${userId}
    and role in (select value from json_each(${JSON.stringify(ROLES.slice(ROLES.indexOf(role)))})))
    then null else json_extract('{}', 'not staff') end`

const liveSession = (userId: number, session: string) =>
  sql`case when exists (select 1 from sessions where ${sessionNamed(session)} and user_id = ${userId}
    and revoked_at is null and expires_at > ${Date.now()}) then null else json_extract('{}', 'session ended') end`
