/** Log entries, and the fields that all answers of moderation share. */
import * as z from 'zod/mini'
import { CASE_KINDS } from './vocabulary'

export const isoTime = () => z.iso.datetime()
export const maybeTime = () => z.nullable(isoTime())
export const someone = () => z.object({ id: z.int(), username: z.string() })

export const entryAnswer = z
  .object({
    id: z.int(),
    actor: z
      .nullable(z.string())
      .check(z.describe('Null for an operator’s command, or if the person no longer exists.')),
    action: z.string(),
    case: z.nullable(z.int()),
    person: z.nullable(someone()),
    kind: z.nullable(z.enum(CASE_KINDS)),
    subject: z.nullable(z.int()),
    reason: z.nullable(z.string()),
    text: z.string(),
    until: maybeTime(),
    created: isoTime(),
  })
  .register(z.globalRegistry, { id: 'ModerationEntry' })
export type EntryAnswer = z.output<typeof entryAnswer>
