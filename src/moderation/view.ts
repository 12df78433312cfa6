import { isoDate } from '../http/dates'
import { type ImageUrls, isAddress } from '../images/url'
import type { CaseRow } from './case-queries'
import type { CaseAnswer, CaseDetailAnswer } from './case-schemas'
import type { readCase } from './detail-queries'
import type { EntryAnswer } from './entry-schemas'
import type { EntryRow } from './log-statements'
import type { NoticeRow } from './notice-queries'
import type { NoticeAnswer } from './notice-schemas'
import type { PersonRow } from './person-queries'
import type { PersonAnswer } from './person-schemas'
import type { StaffPostRow } from './post-queries'
import type { StaffPostAnswer } from './post-schemas'
import type { ReportRow } from './report-queries'
import type { ReportAnswer } from './report-schemas'

const maybeDate = (time: number | null) => (time === null ? null : isoDate(time))

/** Bans have no end. They are shown with the latest time that a four-digit year can express. */
const LATEST = Date.UTC(9999, 11, 31)
const endOf = (until: number | null) => (until === null ? null : isoDate(Math.min(until, LATEST)))

/** A report as its reporter sees it. */
export const reportView = ({ id, kind, category, text, createdAt }: ReportRow): ReportAnswer => ({
  id,
  kind,
  category,
  text,
  created: isoDate(createdAt),
})

export const caseView = (row: CaseRow): CaseAnswer => ({
  id: row.id,
  kind: row.kind,
  subject: row.subjectId,
  author: { id: row.authorId, username: row.author },
  state: row.state,
  claimed_by: row.claimedBy,
  reports_count: row.reportsCount,
  is_appealed: row.isAppealed === 1,
  opened: isoDate(row.openedAt),
  closed: maybeDate(row.closedAt),
})

export const entryView = (row: EntryRow): EntryAnswer => ({
  id: row.id,
  actor: row.actor,
  action: row.action,
  case: row.caseId,
  person: row.userId === null ? null : { id: row.userId, username: row.username ?? '' },
  kind: row.kind,
  subject: row.subjectId,
  reason: row.reason,
  text: row.text,
  until: maybeDate(row.until),
  created: isoDate(row.createdAt),
})

export const noticeView = (row: NoticeRow): NoticeAnswer => ({
  id: row.id,
  action: row.action,
  reason: row.reason,
  text: row.text,
  kind: row.kind,
  subject: row.subjectId,
  until: maybeDate(row.until),
  created: isoDate(row.createdAt),
  appeal:
    row.appealText === null || row.appealedAt === null
      ? null
      : { text: row.appealText, created: isoDate(row.appealedAt), answered: maybeDate(row.answeredAt) },
})

type Read = NonNullable<Awaited<ReturnType<typeof readCase>>>

/** A case with everything needed to judge it. `caseUrl` is the case's URL, without a trailing slash. */
export const caseDetailView = (read: Read, urls: ImageUrls, caseUrl: string): CaseDetailAnswer => {
  const row = read.case
  const image = (hash: string | null) => (hash === null ? null : urls.image(hash))
  const privateImage = (hash: string | null) =>
    hash === null || isAddress(hash) ? hash : `${caseUrl}/images/${hash}/`
  return {
    ...caseView(row),
    author_role: row.authorRole,
    author_is_silenced: row.isSilenced === 1,
    author_suspended_until: endOf(row.suspendedUntil),
    thing:
      row.thingContent === null || row.thingCreatedAt === null
        ? null
        : {
            title: row.thingTitle,
            content: row.thingContent,
            image: row.kind === 'message' ? privateImage(row.thingImage) : image(row.thingImage),
            post: row.thingPostId,
            is_hidden: row.isHidden === 1,
            is_sensitive: row.isSensitive === 1,
            erased_at: maybeDate(row.eraseAt),
            created: isoDate(row.thingCreatedAt),
          },
    messages: read.said.map((message) => ({
      id: message.id,
      sender: message.senderId,
      content: message.content,
      image: privateImage(message.image),
      is_hidden: message.isHidden === 1,
      created: isoDate(message.createdAt),
    })),
    reports: read.reported.map((report) => ({
      id: report.id,
      reporter: { id: report.reporterId, username: report.reporter },
      category: report.category,
      text: report.text,
      evidence: report.evidence,
      evidence_image: privateImage(report.evidenceImage),
      created: isoDate(report.createdAt),
    })),
    entries: read.entries.map(entryView),
    appeals: read.appealed.map((appeal) => ({
      action: appeal.actionId,
      text: appeal.text,
      created: isoDate(appeal.createdAt),
      answered: maybeDate(appeal.answeredAt),
    })),
    history: read.history.map(entryView),
    other_cases: read.others.map(caseView),
  }
}

/** A user as staff see them. */
export const personView = (row: PersonRow): PersonAnswer => ({
  id: row.id,
  username: row.username,
  role: row.role,
  is_silenced: row.isSilenced === 1,
  suspended_until: endOf(row.suspendedUntil),
  is_deleted: row.isDeleted === 1,
  posts_count: row.postsCount,
  created: isoDate(row.createdAt),
})

/** A post as staff see it. */
export const staffPostView = (row: StaffPostRow, urls: ImageUrls): StaffPostAnswer => ({
  id: row.id,
  owner: { id: row.ownerId, username: row.owner },
  title: row.title,
  excerpt: row.excerpt,
  image: urls.imageOr('post', row.image),
  is_hidden: row.isHidden === 1,
  is_sensitive: row.isSensitive === 1,
  erased_at: maybeDate(row.eraseAt),
  created: isoDate(row.createdAt),
})
