/** Cases in D1. Whoever is not to deal with one, as it is about themselves or staff above them, is shown none of it. */
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

/** A case as a list shows it. */
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

/** Whether it is theirs to deal with, of `cases c` and `users author`: nobody judges themselves, and only admins judge staff. Reads 1 row where the author has a role. */
export const isFor = (actorId: number): SQL<number> =>
  sql<number>`(${c.authorId} <> ${actorId} and (${author.role} is null
    or exists (select 1 from users staff where staff.id = ${actorId} and staff.role = 'admin')))`

/** The statement that fails, and with it its batch, where the case is not this person's to judge: its author may have a role since it was looked at. */
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

/** Oldest first. Reads three rows for each, shown or skipped, and one for each that is counted. */
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

/** The conversation of the message `c` is about, which may be hidden. */
export const conversationOfMessage = sql`coalesce((select k.id from messages said cross join conversations k on k.id = said.conversation_id
    where said.id = c.subject_id and said.id > k.cleared_to),
  (select conversation_id from hidden_messages where message_id = c.subject_id))`

/** The case, whether it is for this person to deal with, and whose conversation it is where it is about a message. Reads 4 rows, and 4 more for a message. */
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

/** Opens the case of a thing, unless it is open, and notes that. Undefined where there is no such thing; without a `row` where it is not this person's to judge. */
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

/** Claims a case, lets it go or closes it, which answers its appeals; the case as it is then. Where it is so already, nothing is noted. */
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
