/** Whether those who listen may still do so. */
import { sql } from 'drizzle-orm'
import type { Db } from '../db/client'

/** Somebody who listens, and by which session. */
interface SignedIn {
  userId: number
  session: string | undefined
}

/** Says which listeners' users are active and whose sessions have not ended. One call; reads 2 rows for each. */
export async function liveListeners(db: Db, listeners: SignedIn[], now: number) {
  const names = JSON.stringify(listeners.map(({ session }) => session ?? ''))
  const ids = JSON.stringify(listeners.map(({ userId }) => userId))
  const [users, sessions] = await db.batch([
    db.rows<{ id: number }>(
      sql`select id from users where is_active and id in (select value from json_each(${ids}))`,
    ),
    // A session's name is the beginning of its key (auth/sessions.ts).
    db.rows<{
      name: string
    }>(sql`select names.value as name from json_each(${names}) names cross join sessions
      on jti_hash >= names.value and jti_hash < names.value || 'g' and names.value <> ''
      where revoked_at is null and expires_at > ${now}`),
  ])
  const active = new Set(users.map(({ id }) => id))
  const live = new Set(sessions.map(({ name }) => name))
  return ({ userId, session }: SignedIn): boolean =>
    active.has(userId) && (session === undefined || live.has(session))
}
