/** The audit log. It is append-only (`kept/guard.ts`). */
import { type SQL, sql } from 'drizzle-orm'
import { alias } from 'drizzle-orm/sqlite-core'
import { type RowOf, selectList } from '../db/columns'
import { moderationActions, users } from '../db/schema'
import { nextId } from '../db/sequences'
import { selectStatement, writeStatement } from '../db/statements'
import type { CaseKind, Entry } from './vocabulary'

export const l = alias(moderationActions, 'l')
const actors = alias(users, 'actors')
const people = alias(users, 'people')

/** A log entry as staff see it. */
export const ENTRY = selectList({
  id: l.id,
  actor: sql<string | null>`${actors.username}`,
  action: l.action,
  caseId: l.caseId,
  userId: l.userId,
  username: sql<string | null>`${people.username}`,
  kind: sql<CaseKind | null>`${l.kind}`,
  subjectId: l.subjectId,
  reason: l.reason,
  text: l.text,
  until: l.until,
  createdAt: l.createdAt,
})
export type EntryRow = RowOf<typeof ENTRY>

export const fromLog = sql`from moderation_actions l left join users actors on ${actors.id} = ${l.actorId}
  left join users people on ${people.id} = ${l.userId}`

/** The newest entries that match the condition. Reads three rows for each. */
export const newestEntriesStatement = (condition: SQL, limit: number) =>
  selectStatement(ENTRY, sql`${fromLog} where ${condition} order by ${l.id} desc limit ${limit}`)

interface NewEntry {
  actorId: number
  action: Entry
  reason?: string | undefined
  text?: string | undefined
  until?: number | undefined
  isNotice?: boolean
  now: number
}

/** Logs an action on the case `c` from `from … where …`. Writes 3 rows, and three more if the user is notified. */
export const logCaseStatement = (
  { actorId, action, reason, text = '', until, isNotice = false, now }: NewEntry,
  from: SQL,
) =>
  writeStatement(sql`insert into moderation_actions
    (id, actor_id, action, case_id, user_id, kind, subject_id, reason, text, until, is_notice, created_at)
    select ${nextId('moderation_actions')}, ${actorId}, ${action}, c.id, c.author_id, c.kind, c.subject_id, ${reason ?? null},
      ${text}, ${until ?? null}, ${Number(isNotice)}, ${now} ${from}`)

/** Logs an action on a user, `users u`, without a case. */
export const logPersonStatement = ({ actorId, action, text = '', now }: NewEntry, where: SQL) =>
  writeStatement(sql`insert into moderation_actions (id, actor_id, action, user_id, kind, subject_id, text, created_at)
    select ${nextId('moderation_actions')}, ${actorId}, ${action}, u.id, 'profile', u.id, ${text}, ${now} from users u where ${where}`)
