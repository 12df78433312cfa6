/** Opens cases, in SQL. */
import { type SQL, sql } from 'drizzle-orm'
import { databaseNow } from '../db/now'
import { nextId } from '../db/sequences'
import { writeStatement } from '../db/statements'
import { doesNotBlock, isNotDeleted, visibleTo } from '../db/visibility'
import type { Subject } from './vocabulary'

/**
 * `select id, author_id`: the subject, if this user may see it. A conversation's id is the other user's. A message can still be reported
 * by a user who has since blocked its author, but not by one whom the author has blocked.
 */
function seenBy({ kind, id }: Subject, viewerId: number): SQL {
  const visible = visibleTo(viewerId)
  switch (kind) {
    case 'post':
      return sql`select p.id, p.owner_id as author_id from posts p where p.id = ${id}
        and ${visible.post({ id: sql`p.id`, ownerId: sql`p.owner_id` })}`
    case 'comment':
      return sql`select m.id, m.owner_id as author_id from comments m where m.id = ${id}
        and ${visible.comment({ id: sql`m.id`, ownerId: sql`m.owner_id`, postId: sql`m.post_id` })}`
    case 'profile':
      return sql`select u.id, u.id as author_id from users u where u.id = ${id} and ${visible.user(sql`u.id`)}`
    case 'message':
      return sql`select m.id, m.sender_id as author_id from messages m cross join conversations c on c.id = m.conversation_id
        where m.id = ${id} and m.id > c.cleared_to and ${viewerId} in (c.user_a, c.user_b) and ${doesNotBlock(sql`m.sender_id`, viewerId)}`
    case 'conversation':
      return sql`select c.id, ${id} as author_id from conversations c
        where c.user_a = ${Math.min(id, viewerId)} and c.user_b = ${Math.max(id, viewerId)}
          and ${doesNotBlock(sql`${id}`, viewerId)}`
  }
}

/** The statement that opens the subject's case, or reopens it if closed, provided that this user may see the subject. */
export const openCaseStatement = (subject: Subject, viewerId: number, now: number) =>
  openStatement(subject, seenBy(subject, viewerId), now)

/** The same for a subject given as `select id, author_id …`. */
export const openStatement = ({ kind }: Subject, thing: SQL, now: number) =>
  writeStatement(sql`insert into cases (id, kind, subject_id, author_id, opened_at)
    select ${nextId('cases')}, ${kind}, t.id, t.author_id, ${now} from (${thing}) t where true
    on conflict (kind, subject_id) do update set state = 'open', claimed_by = null, opened_at = excluded.opened_at, closed_at = null
      where state = 'closed'`)

/** The id of the subject's case. Null if this user may not see the subject. */
export const caseOf = (subject: Subject, viewerId: number): SQL<number | null> =>
  sql`(select c.id from (${seenBy(subject, viewerId)}) t cross join cases c on c.kind = ${subject.kind} and c.subject_id = t.id)`

/** `select id, author_id`: the subject, whether visible or not, unless its author deleted it. Staff cannot ask for messages. */
export function thereIs({ kind, id }: Subject): SQL {
  switch (kind) {
    case 'post':
      return sql`select p.id, p.owner_id as author_id from posts p where p.id = ${id} and ${isNotDeleted(sql`p.owner_id`)}
        and not exists (select 1 from hidden_posts h where h.post_id = p.id and h.erase_at <= ${databaseNow})`
    case 'comment':
      return sql`select m.id, m.owner_id as author_id from comments m where m.id = ${id} and ${isNotDeleted(sql`m.owner_id`)}`
    case 'profile':
      return sql`select u.id, u.id as author_id from users u where u.id = ${id} and ${isNotDeleted(sql`u.id`)}`
    case 'message':
    case 'conversation':
      return sql`select null as id, null as author_id where false`
  }
}
