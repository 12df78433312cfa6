/** The effects of actions, in SQL. They run in the batch that adds the log entry. */

import { type SQL, sql } from 'drizzle-orm'
import { revokeSessionsStatement } from '../auth/session-queries'
import { turnStatements } from '../db/account-hidings'
import { NEVER } from '../db/schema'
import { type Statement, writeStatement } from '../db/statements'
import { type Action, type CaseKind, ERASED_AFTER_DAYS } from './vocabulary'

interface Target {
  kind: CaseKind
  subjectId: number
  authorId: number
}

/** The statements that apply an action; none for actions that only send words. They are idempotent. */
export function effectStatements(
  action: Action,
  { kind, subjectId, authorId }: Target,
  { now, until = NEVER }: { now: number; until?: number | undefined },
): Statement[] {
  switch (action) {
    case 'hide':
      return [hideStatement(kind, subjectId, now, null)]
    case 'delete':
      return [hideStatement(kind, subjectId, now, now + ERASED_AFTER_DAYS * 86_400_000)]
    case 'restore':
      return [
        kind === 'post'
          ? writeStatement(sql`delete from hidden_posts where post_id = ${subjectId} and ${isToStay(now)}`)
          : writeStatement(sql`delete from hidden_comments where comment_id = ${subjectId}`),
      ]
    case 'mark_sensitive':
    case 'unmark_sensitive':
      return [
        writeStatement(
          sql`update posts set is_sensitive = ${Number(action === 'mark_sensitive')} where id = ${subjectId}`,
        ),
      ]
    case 'silence':
      return [
        writeStatement(
          sql`insert into silenced_accounts (user_id, silenced_at) values (${authorId}, ${now}) on conflict do nothing`,
        ),
      ]
    case 'unsilence':
      return [writeStatement(sql`delete from silenced_accounts where user_id = ${authorId}`)]
    case 'suspend':
    case 'ban':
      return [
        writeStatement(sql`insert into suspended_accounts (user_id, until) values (${authorId}, ${action === 'ban' ? NEVER : until})
          on conflict (user_id) do update set until = excluded.until`),
        ...turnStatements(authorId),
        revokeSessionsStatement(authorId, undefined, now),
        writeStatement(sql`delete from password_resets where user_id = ${authorId}`),
      ]
    case 'unsuspend':
    case 'unban':
      return [
        writeStatement(sql`delete from suspended_accounts where user_id = ${authorId}`),
        ...turnStatements(authorId),
      ]
    case 'warn':
    case 'withdraw_warning':
      return []
  }
}

/** A post that its owner deleted (`posts/queries.ts`) stays hidden until it is erased, and nobody can restore it. */
const isToStay = (now: number): SQL => sql`(erase_at is null or erase_at > ${now})`

const hideStatement = (kind: CaseKind, id: number, now: number, eraseAt: number | null) =>
  kind === 'post'
    ? writeStatement(sql`insert into hidden_posts (post_id, owner_id, hidden_at, erase_at)
        select id, owner_id, ${now}, ${eraseAt} from posts where id = ${id}
        on conflict (post_id) do update set erase_at = excluded.erase_at where ${isToStay(now)}`)
    : writeStatement(sql`insert into hidden_comments (comment_id, post_id, hidden_at, erase_at)
        select id, post_id, ${now}, ${eraseAt} from comments where id = ${id}
        on conflict (comment_id) do update set erase_at = excluded.erase_at`)

/** Each deletion also writes half a dozen rows in other tables and indexes. */
const ERASED_AT_ONCE = 250

/**
 * The statements of the scheduled job: they erase deleted posts, starting with their likes and comments, and drop expired suspensions. Each returns a
 * row for each row that it deletes.
 */
export const eraseHiddenPostsStatements = ['likes', 'comments'].map((table) => {
  const on = sql.raw(table)
  return (now: number) =>
    writeStatement(sql`delete from ${on} where id in (select r.id from hidden_posts h cross join ${on} r on r.post_id = h.post_id
      where h.erase_at <= ${now} limit ${ERASED_AT_ONCE}) returning id`)
})
export const eraseHiddenPostStatement = (now: number) =>
  writeStatement(sql`delete from posts where id in (select post_id from hidden_posts h where erase_at <= ${now}
    and not exists (select 1 from likes where post_id = h.post_id) and not exists (select 1 from comments where post_id = h.post_id)
    limit ${ERASED_AT_ONCE / 5}) returning id`)
export const eraseHiddenCommentsStatement = (now: number) =>
  writeStatement(sql`delete from comments where id in
    (select comment_id from hidden_comments where erase_at <= ${now} order by erase_at limit ${ERASED_AT_ONCE}) returning id`)
export const eraseHiddenMessagesStatement = (now: number) =>
  writeStatement(sql`delete from hidden_messages where message_id in
    (select message_id from hidden_messages where erase_at <= ${now} order by erase_at limit ${ERASED_AT_ONCE}) returning message_id`)
export const endSuspensionsStatement = (now: number, limit: number) =>
  writeStatement(sql`delete from suspended_accounts where user_id in
    (select user_id from suspended_accounts where until <= ${now} order by until limit ${limit}) returning user_id`)
