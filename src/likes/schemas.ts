import * as z from 'zod'
import { pk } from '../http/fields'
import { pageQuery } from '../http/paging'
import { queryParam } from '../http/params'

export const likeBody = z.object({ post: pk() }).meta({ id: 'LikeBody' })

export const likeListQuery = pageQuery.extend({
  post: queryParam('Likes of this post.'),
  owner: queryParam('Likes by this user.'),
})

export const likeAnswer = z
  .object({
    id: z.int(),
    created_at: z.string(),
    created: z.iso.datetime(),
    updated: z.iso.datetime(),
    owner: z.string(),
    post: z.int(),
  })
  .meta({ id: 'Like' })
export type LikeAnswer = z.output<typeof likeAnswer>
