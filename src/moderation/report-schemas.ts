import * as z from 'zod/mini'
import { oneOf, text } from '../http/fields'
import { isoTime } from './entry-schemas'
import { anySubject, namesOne } from './subject'
import { CASE_KINDS, CATEGORIES, MAX_REPORT_CHARACTERS } from './vocabulary'

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
