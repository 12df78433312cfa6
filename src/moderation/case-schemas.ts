/** Bodies and answers of `/moderation/cases`. */
import * as z from 'zod/mini'
import { oneOf, optional, text } from '../http/fields'
import { pageQuery } from '../http/paging'
import { queryParam } from '../http/params'
import { entryAnswer, isoTime, maybeTime, someone } from './entry-schemas'
import { namesOne, publicSubject } from './subject'
import { ACTION_NAMES, CASE_KINDS, CASE_STATES, MAX_WORDS_CHARACTERS, REASONS, ROLES } from './vocabulary'

const NOT_A_TIME =
  'Datetime has wrong format. Use one of these formats instead: YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z].'

export const caseListQuery = z.extend(pageQuery, {
  state: queryParam('`open` (the default), `claimed` or `closed`.'),
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
    text: text({ max: MAX_WORDS_CHARACTERS }).check(z.describe('The text for the user concerned.')),
    until: optional(
      text({ max: 40 }).check(z.refine((time) => !Number.isNaN(Date.parse(time)), NOT_A_TIME)),
    ).check(z.describe('When a suspension ends, in ISO 8601.')),
  })
  .register(z.globalRegistry, { id: 'ModerationActionBody' })

export const caseAnswer = z
  .object({
    id: z.int(),
    kind: z.enum(CASE_KINDS),
    subject: z.int().check(z.describe('The id of the subject; for a profile, its user’s.')),
    author: someone(),
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
  reporter: someone(),
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
    author_suspended_until: maybeTime().check(z.describe('In the year 9999 for banned users.')),
    thing: z
      .nullable(
        z.object({
          title: z.nullable(z.string()),
          content: z.string(),
          image: z.nullable(z.url()),
          post: z.nullable(z.int()),
          is_hidden: z.boolean(),
          is_sensitive: z.boolean(),
          erased_at: maybeTime().check(z.describe('If it was deleted: when it will be erased.')),
          created: isoTime(),
        }),
      )
      .check(z.describe('Its current content. Null if it no longer exists, and for conversations.')),
    messages: z
      .array(
        z.object({
          id: z.int(),
          sender: z.int(),
          content: z.string(),
          image: z.nullable(z.url()),
          is_hidden: z.boolean(),
          created: isoTime(),
        }),
      )
      .check(z.describe('The messages around the reported one. Reading them is recorded in the log.')),
    reports: z.array(reportedAnswer),
    entries: z.array(entryAnswer).check(z.describe('Actions on this case, newest first.')),
    appeals: z.array(
      z.object({ action: z.int(), text: z.string(), created: isoTime(), answered: maybeTime() }),
    ),
    history: z.array(entryAnswer).check(z.describe('Earlier actions on the author, newest first.')),
    other_cases: z.array(caseAnswer).check(z.describe('Other cases about the same person, newest first.')),
  })
  .register(z.globalRegistry, { id: 'CaseDetail' })
export type CaseDetailAnswer = z.output<typeof caseDetailAnswer>
