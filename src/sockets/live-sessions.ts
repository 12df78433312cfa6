/** Whether listeners may keep their sockets. */
import { and, eq, gt, isNull, ne, sql } from 'drizzle-orm'
import type { Db } from '../db/client'
import { sessions, users } from '../db/schema'
import { sessionNamed } from '../db/session-names'
import { build, selectStatement, statement } from '../db/statements'
import { isShown } from '../db/visibility'
import type { Listener } from './listener'

type SignedIn = Pick<Listener, 'userId' | 'session'>

/** Tells which listeners have an active user and a session that has not ended. One call, which reads 2 rows for each listener. */
export async function liveListeners(db: Db, listeners: SignedIn[], now: number) {
  return whoMayStay(await db.batch(listenersStatements(listeners, now)))
}

/** The statements whose results `whoMayStay` takes. */
export function listenersStatements(listeners: SignedIn[], now: number) {
  const names = JSON.stringify(listeners.map(({ session }) => session ?? ''))
  const ids = JSON.stringify(listeners.map(({ userId }) => userId))
  const name = sql<string>`names.value`
  return [
    statement(
      build
        .select({ id: users.id })
        .from(users)
        .where(
          and(
            eq(users.isActive, true),
            isShown(users.id),
            sql`${users.id} in (select value from json_each(${ids}))`,
          ),
        ),
    ),
    selectStatement(
      { name },
      sql`from json_each(${names}) names cross join sessions on ${sessionNamed(name)} and ${ne(name, '')}
        where ${and(isNull(sessions.revokedAt), gt(sessions.expiresAt, now))}`,
    ),
  ] as const
}

/** Gives a function that tells whether a listener may stay. */
export function whoMayStay([activeUsers, liveSessions]: readonly [{ id: number }[], { name: string }[]]) {
  const active = new Set(activeUsers.map(({ id }) => id))
  const live = new Set(liveSessions.map(({ name }) => name))
  return ({ userId, session }: SignedIn): boolean =>
    active.has(userId) && (session === undefined || live.has(session))
}
