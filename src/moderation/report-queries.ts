/** Reports in D1. */
import { sql } from 'drizzle-orm'
import { alias } from 'drizzle-orm/sqlite-core'
import type { Db } from '../db/client'
import { type RowOf, selectList } from '../db/columns'
import { type Created, type Creation, createRow } from '../db/create'
import { cases, reports } from '../db/schema'
import { build, statement } from '../db/statements'
import { caseOf, openCaseStatement } from './subject-statements'
import type { CaseKind, Subject } from './vocabulary'

const r = alias(reports, 'r')
const c = alias(cases, 'c')

const REPORT = selectList({
  id: r.id,
  kind: sql<CaseKind>`${c.kind}`,
  category: r.category,
  text: r.text,
  createdAt: r.createdAt,
})
export type ReportRow = RowOf<typeof REPORT>

/**
 * Stores a report, with the current text and image of a reported message, and opens the subject's case. Throws `ForeignKeyViolation` if
 * the reporter cannot see the subject, `UniqueViolation` if they have reported it before or the key was used. Writes 10 rows.
 */
export function createReport(
  db: Db,
  reporterId: number,
  { subject, category, text }: { subject: Subject; category: string; text: string },
  creation: Creation,
): Promise<Created<ReportRow>> {
  const ofMessage = (column: string) =>
    subject.kind === 'message'
      ? sql`(select ${sql.raw(column)} from messages where id = ${subject.id})`
      : sql`null`
  return createRow(db, creation, {
    columns: REPORT,
    before: [openCaseStatement(subject, reporterId, creation.now)],
    insert: () =>
      statement(
        build.insert(reports).values({
          caseId: sql`coalesce(${caseOf(subject, reporterId)}, 0)`,
          reporterId,
          category,
          text,
          evidence: ofMessage('content'),
          evidenceImage: ofMessage('image'),
          createdAt: creation.now,
        }),
      ),
    from: sql`from reports r cross join cases c on c.id = r.case_id
      where r.reporter_id = ${reporterId} and r.case_id = ${caseOf(subject, reporterId)}`,
  })
}
