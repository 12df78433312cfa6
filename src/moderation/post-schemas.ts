import * as z from 'zod/mini'
import { pageQuery } from '../http/paging'
import { queryParam } from '../http/params'
import { isoTime, maybeTime, someone } from './entry-schemas'

export const staffPostListQuery = z.extend(pageQuery, {
  search: queryParam('Words of at least three characters, as in `/posts/`.'),
  owner: queryParam('The id of a user, to list their posts.'),
  state: queryParam(
    '`hidden`: only posts that moderators have hidden or deleted; other filters are ignored.',
  ),
})

export const staffPostAnswer = z
  .object({
    id: z.int(),
    owner: someone(),
    title: z.string(),
    excerpt: z.string(),
    image: z.url(),
    is_hidden: z.boolean(),
    is_sensitive: z.boolean(),
    erased_at: maybeTime(),
    created: isoTime(),
  })
  .register(z.globalRegistry, { id: 'StaffPost' })
export type StaffPostAnswer = z.output<typeof staffPostAnswer>
