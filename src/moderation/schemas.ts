/** Bodies and answers of reports, cases, notices and the log. */
import * as z from 'zod/mini'
import { oneOf, optional, text } from '../http/fields'
import { pageQuery } from '../http/paging'
import { queryParam } from '../http/params'
import { anySubject, namesOne, publicSubject } from './subject'
import {
  ACTION_NAMES,
  CASE_KINDS,
  CASE_STATES,
  CATEGORIES,
  MAX_REPORT_CHARACTERS,
  MAX_WORDS_CHARACTERS,
  REASONS,
  ROLES,
} from './vocabulary'

const NOT_A_TIME =
  'Datetime has wrong format. Use one of these formats instead: YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z].'
const isoTime = () => z.iso.datetime()
const maybeTime = () => z.nullable(isoTime())

export const reportBody = z
  .object({
    ...anySubject,
    category: oneOf(CATEGORIES),
    text: z.optional(text({ max: MAX_REPORT_CHARACTERS, blank: true })),
  })
  .check(namesOne)
  .register(z.globalRegistry, { id: 'ReportBody' })

export const reportAnswer = z
  .object({
    id: z.int(),
    kind: z.enum(CASE_KINDS),
    category: z.string(),
    text: z.string(),
    created: isoTime(),
  })
  .register(z.globalRegistry, { id: 'Report' })
export type ReportAnswer = z.output<typeof reportAnswer>

export const caseListQuery = z.extend(pageQuery, {
  state: queryParam('`open` (as without it), `claimed` or `closed`.'),
  kind: queryParam('`post`, `comment`, `message`, `profile` or `conversation`.'),
})
export const caseBody = z.object(publicSubject).check(namesOne).register(z.globalRegistry, { id: 'CaseBody' })
export const casePatch = z
  .object({ state: oneOf(CASE_STATES) })
  .register(z.globalRegistry, { id: 'CasePatch' })

export const actionBody = z
  .object({
    action: oneOf(ACTION_NAMES),
    reason: oneOf(REASONS),
    text: text({ max: MAX_WORDS_CHARACTERS }).check(z.describe('Words to the person concerned.')),
    until: optional(
      text({ max: 40 }).check(z.refine((time) => !Number.isNaN(Date.parse(time)), NOT_A_TIME)),
    ).check(z.describe('When a suspension ends, in ISO 8601.')),
  })
  .register(z.globalRegistry, { id: 'ModerationActionBody' })

export const entryAnswer = z
  .object({
    id: z.int(),
    actor: z
      .nullable(z.string())
      .check(z.describe('Null: whoever runs the service, by hand; or somebody who is gone.')),
    action: z.string(),
    case: z.nullable(z.int()),
    person: z.nullable(z.object({ id: z.int(), username: z.string() })),
    kind: z.nullable(z.enum(CASE_KINDS)),
    subject: z.nullable(z.int()),
    reason: z.nullable(z.string()),
    text: z.string(),
    until: maybeTime(),
    created: isoTime(),
  })
  .register(z.globalRegistry, { id: 'ModerationEntry' })
export type EntryAnswer = z.output<typeof entryAnswer>

export const caseAnswer = z
  .object({
    id: z.int(),
    kind: z.enum(CASE_KINDS),
    subject: z.int().check(z.describe('The id of the thing; of a profile, its user’s.')),
    author: z.object({ id: z.int(), username: z.string() }),
    state: z.enum(CASE_STATES),
    claimed_by: z.nullable(z.string()),
    reports_count: z.int(),
    is_appealed: z.boolean(),
    opened: isoTime(),
    closed: maybeTime(),
  })
  .register(z.globalRegistry, { id: 'Case' })
export type CaseAnswer = z.output<typeof caseAnswer>

const reportedAnswer = z.object({
  id: z.int(),
  reporter: z.object({ id: z.int(), username: z.string() }),
  category: z.string(),
  text: z.string(),
  evidence: z.nullable(z.string()),
  evidence_image: z.nullable(z.url()),
  created: isoTime(),
})

export const caseDetailAnswer = z
  .extend(caseAnswer, {
    author_role: z.nullable(z.enum(ROLES)),
    author_is_silenced: z.boolean(),
    author_suspended_until: maybeTime().check(z.describe('In the year 9999 for whoever is banned.')),
    thing: z
      .nullable(
        z.object({
          title: z.nullable(z.string()),
          content: z.string(),
          image: z.nullable(z.url()),
          post: z.nullable(z.int()),
          is_hidden: z.boolean(),
          is_sensitive: z.boolean(),
          erased_at: maybeTime().check(z.describe('When it is deleted for good, where it was deleted.')),
          created: isoTime(),
        }),
      )
      .check(z.describe('As it is now. Null where it is gone, and for messages and conversations.')),
    messages: z
      .array(
        z.object({
          id: z.int(),
          sender: z.int(),
          content: z.string(),
          image: z.nullable(z.url()),
          created: isoTime(),
        }),
      )
      .check(z.describe('Around the one that is reported. That they were read is in the log.')),
    reports: z.array(reportedAnswer),
    entries: z.array(entryAnswer).check(z.describe('What was done about it, newest first.')),
    appeals: z.array(
      z.object({ action: z.int(), text: z.string(), created: isoTime(), answered: maybeTime() }),
    ),
    history: z.array(entryAnswer).check(z.describe('What its author was told before, newest first.')),
    other_cases: z.array(caseAnswer).check(z.describe('About the same person, newest first.')),
  })
  .register(z.globalRegistry, { id: 'CaseDetail' })
export type CaseDetailAnswer = z.output<typeof caseDetailAnswer>

export const appealBody = z
  .object({ text: text({ max: MAX_WORDS_CHARACTERS }) })
  .register(z.globalRegistry, { id: 'AppealBody' })

export const noticeAnswer = z
  .object({
    id: z.int(),
    action: z.string(),
    reason: z.nullable(z.string()),
    text: z.string(),
    kind: z.nullable(z.enum(CASE_KINDS)),
    subject: z.nullable(z.int()),
    until: maybeTime(),
    created: isoTime(),
    appeal: z.nullable(
      z.object({
        text: z.string(),
        created: isoTime(),
        answered: maybeTime().check(
          z.describe('When it was answered; what came of it is a notice of its own.'),
        ),
      }),
    ),
  })
  .register(z.globalRegistry, { id: 'Notice' })
export type NoticeAnswer = z.output<typeof noticeAnswer>

export const personListQuery = z.extend(pageQuery, {
  search: queryParam('How the name begins, in any case.'),
})

export const personAnswer = z
  .object({
    id: z.int(),
    username: z.string(),
    role: z.nullable(z.enum(ROLES)),
    is_silenced: z.boolean(),
    suspended_until: maybeTime().check(z.describe('In the year 9999 for whoever is banned.')),
    is_deleted: z.boolean(),
    posts_count: z.int(),
    created: isoTime(),
  })
  .register(z.globalRegistry, { id: 'Person' })
export type PersonAnswer = z.output<typeof personAnswer>

export const personDetailAnswer = z
  .extend(personAnswer, {
    sessions: z
      .array(z.object({ device: z.string(), created: isoTime(), last_used: isoTime() }))
      .check(z.describe('Last used first.')),
    entries: z.array(entryAnswer).check(z.describe('What was done to them, newest first.')),
  })
  .register(z.globalRegistry, { id: 'PersonDetail' })

export const personPatch = z
  .object({ role: oneOf([...ROLES, 'none'] as const) })
  .register(z.globalRegistry, { id: 'PersonPatch' })
