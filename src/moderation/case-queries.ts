/** Cases in D1. A moderator sees nothing of cases about themselves, or about staff whom only admins may judge. */
import { type SQL, sql } from 'drizzle-orm'
import { alias } from 'drizzle-orm/sqlite-core'
import type { Db } from '../db/client'
import { type RowOf, selectList } from '../db/columns'
import { oldestFirst } from '../db/list-order'
import { COUNT_LIMIT, type PageRequest, type PageSlice } from '../db/page'
import { cases, users } from '../db/schema'
import { selectedStatement, selectStatement, writeStatement } from '../db/statements'
import { END, shownColumns, sliceOf, visibleRows } from '../db/visible-page'
import { logCaseStatement } from './log-statements'
import { openStatement, thereIs } from './subject-statements'
import type { CaseKind, CaseState, Subject } from './vocabulary'

const c = alias(cases, 'c')
const author = alias(users, 'author')
const claimer = alias(users, 'claimer')

/** A case in a list. */
export const CASE = selectList({
  id: c.id,
  kind: sql<CaseKind>`${c.kind}`,
  subjectId: c.subjectId,
  authorId: c.authorId,
  author: author.username,
  state: sql<CaseState>`${c.state}`,
  claimedBy: sql<string | null>`${claimer.username}`,
  reportsCount: c.reportsCount,
  isAppealed: c.isAppealed,
  openedAt: c.openedAt,
  closedAt: c.closedAt,
})
export type CaseRow = RowOf<typeof CASE>
const SHOWN = shownColumns(CASE)

export const OLDEST_CASES = oldestFirst<CaseRow>('cases', c.id)

const people = sql`cross join users author on ${author.id} = ${c.authorId}
  left join users claimer on ${claimer.id} = ${c.claimedBy}`
export const fromCases = sql`from cases c ${people}`

/**
 * Whether the user may judge the case, from `cases c` and `users author`: nobody judges themselves, and only admins judge staff. Reads 1 row if the
 * author has a role.
 */
export const isFor = (actorId: number): SQL<number> =>
  sql<number>`(${c.authorId} <> ${actorId} and (${author.role} is null
    or exists (select 1 from users staff where staff.id = ${actorId} and staff.role = 'admin')))`

/** Makes the batch fail if this user may not judge the case: its author may have got a role since the case was read. */
export const isForStatement = (actorId: number, id: number) =>
  selectStatement(
    {
      passed: sql<null>`case when exists (select 1 from cases c cross join users author on author.id = c.author_id
        where c.id = ${id} and ${isFor(actorId)}) then null else json_extract('{}', 'not staff') end`,
    },
    sql``,
  )

export interface CaseFilter {
  state: CaseState
  kind?: CaseKind | undefined
}

/** Oldest first. Reads three rows for each case shown or skipped, and one for each counted. */
export async function listCases(
  db: Db,
  actorId: number,
  { state, kind }: CaseFilter,
  page: PageRequest,
): Promise<PageSlice<CaseRow>> {
  const order = OLDEST_CASES.towards(page)
  const matches = kind ? sql`${c.state} = ${state} and ${c.kind} = ${kind}` : sql`${c.state} = ${state}`
  const behind = page.after ? sql`and ${order.after(page.after)}` : sql``
  const rows = visibleRows({
    shown: SHOWN,
    candidates: sql`select * from cases c where ${matches} ${behind} ${order.orderBy()}`,
    name: sql`c`,
    joins: people,
    visible: isFor(actorId),
    key: [sql`c.id`],
    page,
  })
  const [found, [counted]] = await db.batch([
    selectedStatement({ ...CASE.columns, ...END }, rows),
    selectStatement(
      {
        count:
          page.count === undefined
            ? sql<number>`(select count(*) from (select 1 from cases c where ${matches} limit ${COUNT_LIMIT}))`
            : sql<number>`${page.count}`,
      },
      sql``,
    ),
  ])
  return { ...sliceOf(found, page), ...(counted && { count: counted.count }) }
}

/** The conversation of the message that case `c` is about. The message may be hidden. */
export const conversationOfMessage = sql`coalesce((select k.id from messages said cross join conversations k on k.id = said.conversation_id
    where said.id = c.subject_id and said.id > k.cleared_to),
  (select conversation_id from hidden_messages where message_id = c.subject_id))`

/** The case, whether this user may judge it, and, for a message, its conversation's two users. Reads 4 rows, and 4 more for a message. */
export async function findCase(db: Db, actorId: number, id: number) {
  const of = (column: 'user_a' | 'user_b') =>
    sql<
      number | null
    >`iif(c.kind = 'message', (select ${sql.raw(column)} from conversations where id = ${conversationOfMessage}), null)`
  const [rows] = await db.batch([
    selectStatement(CASE, sql`${fromCases} where c.id = ${id}`, {
      isFor: isFor(actorId),
      userA: of('user_a'),
      userB: of('user_b'),
    }),
  ])
  return rows[0]
}

/** Opens the subject's case unless it is open, and logs that. Undefined if the subject does not exist; no `row` if this user may not judge it. */
export async function openCase(
  db: Db,
  actorId: number,
  subject: Subject,
  now: number,
): Promise<{ row: CaseRow | undefined } | undefined> {
  const thing = sql`from (${thereIs(subject)}) c cross join users author on author.id = c.author_id`
  const judged = sql`${thing} where ${isFor(actorId)}`
  const isOfIt = sql`c.kind = ${subject.kind} and c.subject_id = ${subject.id} and exists (select 1 ${judged})`
  const [, , [found], rows] = await db.batch([
    openStatement(subject, sql`select c.id, c.author_id ${judged}`, now),
    logCaseStatement(
      { actorId, action: 'open', now },
      sql`from cases c where ${isOfIt} and c.opened_at = ${now}`,
    ),
    selectStatement({ found: sql<1>`1` }, thing),
    selectStatement(CASE, sql`${fromCases} where ${isOfIt}`),
  ])
  return found && { row: rows[0] }
}

const ENTRIES = { open: 'release', claimed: 'claim', closed: 'close' } as const

/** Claims, releases or closes a case, and gives it as it is then. Closing answers its appeals. If nothing changes, nothing is logged. */
export async function moveCase(
  db: Db,
  actorId: number,
  { id, state, now }: { id: number; state: CaseState; now: number },
): Promise<(CaseRow & { isFor: number }) | undefined> {
  const from = sql`from cases c cross join users author on author.id = c.author_id
    where c.id = ${id} and ${isFor(actorId)}`
  const isClosing = sql`${Number(state === 'closed')} and exists (select 1 ${from})`
  const [, , , rows] = await db.batch([
    logCaseStatement({ actorId, action: ENTRIES[state], now }, sql`${from} and c.state <> ${state}`),
    writeStatement(sql`update appeals set answered_at = ${now} where answered_at is null and ${isClosing}
      and action_id in (select id from moderation_actions where case_id = ${id})`),
    writeStatement(sql`update cases set state = ${state}, claimed_by = ${state === 'open' ? null : actorId},
      closed_at = ${state === 'closed' ? now : null}, is_appealed = ${state === 'closed' ? sql`0` : sql`is_appealed`}
      where id = (select c.id ${from}) and state <> ${state}`),
    selectStatement(CASE, sql`${fromCases} where c.id = ${id}`, { isFor: isFor(actorId) }),
  ])
  return rows[0]
}
