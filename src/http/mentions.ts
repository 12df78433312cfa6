/** Mentions in texts, as answers show them. */
import * as z from 'zod/mini'
import { readMentions } from '../db/mentions'

const mention = z
  .object({
    field: z.enum(['title', 'content']),
    /** The id of the user and profile. */
    user: z.int(),
    /** In code points, from the `@` to behind the name. */
    start: z.int(),
    end: z.int(),
  })
  .register(z.globalRegistry, { id: 'Mention' })
type Mention = z.output<typeof mention>

export const mentions = z.array(mention)

/** The columns that hold mentions, by field. */
export const mentionsView = (columns: Partial<Record<Mention['field'], string>>): Mention[] =>
  (['title', 'content'] as const).flatMap((field) =>
    readMentions(columns[field] ?? '[]').map(([user, start, end]) => ({ field, user, start, end })),
  )
