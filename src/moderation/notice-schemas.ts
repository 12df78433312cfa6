import * as z from 'zod/mini'
import { text } from '../http/fields'
import { isoTime, maybeTime } from './entry-schemas'
import { CASE_KINDS, MAX_WORDS_CHARACTERS } from './vocabulary'

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
        answered: maybeTime().check(z.describe('When it was answered; the result is a separate notice.')),
      }),
    ),
  })
  .register(z.globalRegistry, { id: 'Notice' })
export type NoticeAnswer = z.output<typeof noticeAnswer>
