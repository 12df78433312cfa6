/** Notices, which tell users what moderators did, and appeals. */
import { sql } from 'drizzle-orm'
import { alias } from 'drizzle-orm/sqlite-core'
import type { Db } from '../db/client'
import { type RowOf, selectList } from '../db/columns'
import { type Created, type Creation, createRow } from '../db/create'
import { inListOrder, newestFirst } from '../db/list-order'
import { COUNT_LIMIT, limits, type PageRequest, type PageSlice } from '../db/page'
import { appeals } from '../db/schema'
import { build, selectStatement, statement, writeStatement } from '../db/statements'
import { l } from './log-statements'
import type { CaseKind } from './vocabulary'

const ap = alias(appeals, 'ap')

/** Names neither the moderator nor those who reported it. */
const NOTICE = selectList({
  id: l.id,
  action: l.action,
  reason: l.reason,
  text: l.text,
  kind: sql<CaseKind | null>`${l.kind}`,
  subjectId: l.subjectId,
  until: l.until,
  createdAt: l.createdAt,
  appealText: sql<string | null>`${ap.text}`,
  appealedAt: sql<number | null>`${ap.createdAt}`,
  answeredAt: ap.answeredAt,
})
export type NoticeRow = RowOf<typeof NOTICE>

export const NEWEST_NOTICES = newestFirst<NoticeRow>('notices', l.id)

const from = sql`from moderation_actions l left join appeals ap on ${ap.actionId} = ${l.id}`
const isOf = (userId: number) => sql`${l.userId} = ${userId} and ${l.isNotice} = 1`

/** Newest first. Reads two rows for each notice shown or skipped, and one for each counted. */
export async function listNotices(db: Db, userId: number, page: PageRequest): Promise<PageSlice<NoticeRow>> {
  const order = NEWEST_NOTICES.towards(page)
  const behind = page.after ? sql`and ${order.after(page.after)}` : sql``
  const [rows, [counted]] = await db.batch([
    selectStatement(NOTICE, sql`${from} where ${isOf(userId)} ${behind} ${order.orderBy()} ${limits(page)}`),
    selectStatement(
      {
        count:
          page.count === undefined
            ? sql<number>`(select count(*) from (select 1 from moderation_actions l where ${isOf(userId)} limit ${COUNT_LIMIT}))`
            : sql<number>`${page.count}`,
      },
      sql``,
    ),
  ])
  return { rows: inListOrder(rows, page), ...(counted && { count: counted.count }) }
}

/**
 * Stores an appeal, and reopens its case. Throws `ForeignKeyViolation` if the user has no such notice, `UniqueViolation` for a second
 * appeal or a used key.
 */
export const createAppeal = (
  db: Db,
  userId: number,
  { id, text }: { id: number; text: string },
  creation: Creation,
): Promise<Created<NoticeRow>> => {
  const own = sql`from moderation_actions l where l.id = ${id} and ${isOf(userId)}`
  return createRow(db, creation, {
    columns: NOTICE,
    before: [
      writeStatement(sql`update cases set is_appealed = 1, state = 'open', closed_at = null, claimed_by = null
      where id = (select l.case_id ${own})`),
    ],
    insert: () =>
      statement(
        build
          .insert(appeals)
          .values({ actionId: sql`coalesce((select l.id ${own}), 0)`, text, createdAt: creation.now }),
      ),
    from: sql`${from} where ${l.id} = ${id}`,
  })
}
