import * as z from 'zod/mini'
import { pk } from '../http/fields'
import { pageQuery } from '../http/paging'
import { queryParam } from '../http/params'

export const likeBody = z.object({ post: pk() }).register(z.globalRegistry, { id: 'LikeBody' })

export const likeListQuery = z.extend(pageQuery, {
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
  .register(z.globalRegistry, { id: 'Like' })
export type LikeAnswer = z.output<typeof likeAnswer>
