/** Reads everything needed to judge a case, in one call. */
import { type SQL, sql } from 'drizzle-orm'
import { alias } from 'drizzle-orm/sqlite-core'
import type { Db } from '../db/client'
import { selectList } from '../db/columns'
import { appeals, type ImageHash, messages, reports } from '../db/schema'
import { selectStatement } from '../db/statements'
import { CASE, conversationOfMessage, fromCases, isFor } from './case-queries'
import { l, logCaseStatement, newestEntriesStatement } from './log-statements'
import type { Role } from './vocabulary'

/** How many of each are shown, newest first. */
const SHOWN = { reports: 50, entries: 50, history: 20, cases: 20, appeals: 20 }
/** How many messages are shown on either side of a reported message, and of a reported conversation. */
const AROUND = 20
const IN_CONVERSATION = 40

const r = alias(reports, 'r')
const m = alias(messages, 'm')
const ap = alias(appeals, 'ap')

const REPORTED = selectList({
  id: r.id,
  reporterId: r.reporterId,
  reporter: sql<string>`reporter.username`,
  category: r.category,
  text: r.text,
  evidence: r.evidence,
  evidenceImage: r.evidenceImage,
  createdAt: r.createdAt,
})

const SPOKEN = selectList({
  id: m.id,
  senderId: m.senderId,
  content: m.content,
  image: m.image,
  createdAt: m.createdAt,
  isHidden: sql<number>`m.is_hidden`,
})

const APPEAL = selectList({
  actionId: ap.actionId,
  text: ap.text,
  createdAt: ap.createdAt,
  answeredAt: ap.answeredAt,
})

/** The subject in its current state, from `cases c` and its joins. All null if it is gone. */
const THING = {
  authorRole: sql<Role | null>`author.role`,
  thingTitle: sql<
    string | null
  >`case c.kind when 'post' then p.title when 'profile' then author.profile_name end`,
  thingContent: sql<
    string | null
  >`case c.kind when 'post' then p.content when 'comment' then m.content when 'profile' then author.profile_content
    else coalesce(said.content, hm.content) end`,
  thingImage: sql<ImageHash | null>`case c.kind when 'post' then p.image when 'profile' then author.image
    else coalesce(said.image, hm.image) end`,
  thingPostId: sql<number | null>`coalesce(p.id, m.post_id)`,
  thingCreatedAt: sql<
    number | null
  >`case c.kind when 'profile' then author.created_at else coalesce(p.created_at, m.created_at, said.created_at, hm.created_at) end`,
  isSilenced: sql<number>`exists (select 1 from silenced_accounts where user_id = c.author_id)`,
  suspendedUntil: sql<
    number | null
  >`(select until from suspended_accounts where user_id = c.author_id and until > unixepoch() * 1000)`,
  isSensitive: sql<number>`coalesce(p.is_sensitive, 0)`,
  eraseAt: sql<
    number | null
  >`coalesce((select erase_at from hidden_posts h where h.post_id = p.id), (select erase_at from hidden_comments h where h.comment_id = m.id), hm.erase_at)`,
  isHidden: sql<number>`exists (select 1 from hidden_posts h where h.post_id = p.id) or exists (select 1 from hidden_comments h where h.comment_id = m.id) or hm.message_id is not null`,
}
const joinedThing = sql`left join posts p on c.kind = 'post' and p.id = c.subject_id
  left join comments m on c.kind = 'comment' and m.id = c.subject_id
  left join messages said on c.kind = 'message' and said.id = c.subject_id
    and said.id > (select cleared_to from conversations where id = said.conversation_id)
  left join hidden_messages hm on c.kind = 'message' and hm.message_id = c.subject_id`

/** Whether the case shows private content: messages, or what a private account shares with its followers. */
const isKept = sql`(c.kind in ('message', 'conversation') or exists (select 1 from private_accounts vpa where vpa.user_id =
  case c.kind when 'post' then c.author_id
    when 'comment' then (select p.owner_id from comments m cross join posts p on p.id = m.post_id where m.id = c.subject_id) end))`

/** The conversation that the case is about, or to which its message belongs. Null for other cases. */
const conversation = sql`case c.kind when 'conversation' then c.subject_id
  when 'message' then ${conversationOfMessage} end`

/**
 * Undefined if the case does not exist. Only `isFor: false` if this user may not judge it. Reading private content is logged in the
 * same transaction. Reads some hundred rows at most.
 */
export async function readCase(db: Db, actorId: number, id: number, now: number) {
  const judged = judgedCase(actorId, id)
  const caseId = sql`(select c.id ${judged})`
  const authorId = sql`(select c.author_id ${judged})`
  const [, found, reported, entries, history, others, appealed, said] = await db.batch([
    logCaseStatement({ actorId, action: 'read', now }, sql`${judged} and ${isKept}`),
    selectStatement(CASE, sql`${fromCases} ${joinedThing} where c.id = ${id}`, {
      isFor: isFor(actorId),
      ...THING,
    }),
    selectStatement(
      REPORTED,
      sql`from reports r cross join users reporter on reporter.id = r.reporter_id where r.case_id = ${caseId}
        order by r.id desc limit ${SHOWN.reports}`,
    ),
    newestEntriesStatement(sql`${l.caseId} = ${caseId}`, SHOWN.entries),
    newestEntriesStatement(sql`${l.userId} = ${authorId} and ${l.isNotice} = 1`, SHOWN.history),
    selectStatement(
      CASE,
      sql`${fromCases} where c.author_id = ${authorId} and c.id <> ${id} order by c.id desc limit ${SHOWN.cases}`,
    ),
    selectStatement(
      APPEAL,
      sql`from moderation_actions l cross join appeals ap on ap.action_id = l.id where l.case_id = ${caseId}
        order by l.id desc limit ${SHOWN.appeals}`,
    ),
    selectStatement(SPOKEN, sql`from (${window(judged)}) m order by m.id`),
  ])
  const [one] = found
  return one && { case: one, reported, entries, history, others, appealed, said }
}

/** The case, from `cases c`, if this user may judge it. */
const judgedCase = (actorId: number, id: number): SQL =>
  sql`from cases c cross join users author on author.id = c.author_id where c.id = ${id} and ${isFor(actorId)}`

/** Whether a message that `readCase` shows this user has this image, or had it when reported. Reads a hundred rows at most. */
export async function hasImage(db: Db, actorId: number, id: number, hash: string): Promise<boolean> {
  const judged = judgedCase(actorId, id)
  const [rows] = await db.batch([
    selectStatement(
      { found: sql<1>`1` },
      sql`from (select image from (${window(judged)}) union all
        select evidence_image from (select evidence_image from reports where case_id = (select c.id ${judged})
          order by id desc limit ${SHOWN.reports})) where image = ${hash} limit 1`,
    ),
  ])
  return rows.length > 0
}

/** The messages around the reported one, or the newest of the reported conversation. The reported or newest one is included even if hidden. */
function window(judged: SQL): SQL {
  const [of, at] = [
    sql`(select ${conversation} ${judged})`,
    sql`(select iif(c.kind = 'message', c.subject_id, 0) ${judged})`,
  ]
  const shown = sql`select id, sender_id, content, image, created_at, 0 as is_hidden from messages where conversation_id = ${of}
    and id > (select cleared_to from conversations where id = ${of})`
  const hidden = sql`select message_id as id, sender_id, content, image, created_at, 1 as is_hidden from hidden_messages`
  return sql`select * from (${shown} and id <= ${at} order by id desc limit ${AROUND + 1})
    union all select * from (${shown} and id > ${at} and ${at} > 0 order by id limit ${AROUND})
    union all select * from (${shown} and ${at} = 0 order by id desc limit ${IN_CONVERSATION})
    union all select * from (${hidden} where message_id = ${at})
    union all select * from (${hidden} where conversation_id = ${of} and ${at} = 0 order by message_id desc limit ${IN_CONVERSATION})`
}
