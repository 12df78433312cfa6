/** Opening cases, in SQL. */
import { type SQL, sql } from 'drizzle-orm'
import { nextId } from '../db/sequences'
import { writeStatement } from '../db/statements'
import { doesNotBlock, type ViewerId, visibleTo } from '../db/visibility'
import type { Subject } from './vocabulary'

/**
 * `select id, author_id`: the thing, if this person may see it; undefined: anybody. A conversation is named by the other person. What was said
 * can be reported by whoever has blocked its author since, not by whom the author has blocked.
 */
function seenBy({ kind, id }: Subject, viewerId: ViewerId): SQL {
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
        where m.id = ${id} and ${viewerId ?? 0} in (c.user_a, c.user_b) and ${doesNotBlock(sql`m.sender_id`, viewerId ?? 0)}`
    case 'conversation':
      return sql`select c.id, ${id} as author_id from conversations c
        where c.user_a = ${Math.min(id, viewerId ?? 0)} and c.user_b = ${Math.max(id, viewerId ?? 0)}
          and ${doesNotBlock(sql`${id}`, viewerId ?? 0)}`
  }
}

/** The statement that opens the case of a thing, if this person may see it, and opens it again where it is closed. */
export const openCaseStatement = (subject: Subject, viewerId: ViewerId, now: number) =>
  writeStatement(sql`insert into cases (id, kind, subject_id, author_id, opened_at)
    select ${nextId('cases')}, ${subject.kind}, t.id, t.author_id, ${now} from (${seenBy(subject, viewerId)}) t where true
    on conflict (kind, subject_id) do update set state = 'open', claimed_by = null, opened_at = excluded.opened_at, closed_at = null
      where state = 'closed'`)

/** The id of that case; null where this person may not see the thing. */
export const caseOf = (subject: Subject, viewerId: ViewerId): SQL<number | null> =>
  sql`(select c.id from (${seenBy(subject, viewerId)}) t cross join cases c on c.kind = ${subject.kind} and c.subject_id = t.id)`
