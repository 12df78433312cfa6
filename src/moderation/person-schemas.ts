import * as z from 'zod/mini'
import { oneOf } from '../http/fields'
import { pageQuery } from '../http/paging'
import { queryParam } from '../http/params'
import { entryAnswer, isoTime, maybeTime } from './entry-schemas'
import { ROLES } from './vocabulary'

export const personListQuery = z.extend(pageQuery, {
  search: queryParam('The beginning of the name, ignoring case.'),
})

export const personAnswer = z
  .object({
    id: z.int(),
    username: z.string(),
    role: z.nullable(z.enum(ROLES)),
    is_silenced: z.boolean(),
    suspended_until: maybeTime().check(z.describe('In the year 9999 for banned users.')),
    is_deleted: z.boolean(),
    posts_count: z.int(),
    created: isoTime(),
  })
  .register(z.globalRegistry, { id: 'Person' })
export type PersonAnswer = z.output<typeof personAnswer>

const personSession = z
  .object({ id: z.string(), device: z.string(), created: isoTime(), last_used: isoTime() })
  .register(z.globalRegistry, { id: 'PersonSession' })

export const personDetailAnswer = z
  .extend(personAnswer, {
    sessions: z.array(personSession).check(z.describe('Last used first.')),
    entries: z.array(entryAnswer).check(z.describe('Actions on this person, newest first.')),
  })
  .register(z.globalRegistry, { id: 'PersonDetail' })

export const personPatch = z
  .object({ role: oneOf([...ROLES, 'none'] as const) })
  .register(z.globalRegistry, { id: 'PersonPatch' })
