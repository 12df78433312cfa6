import * as z from 'zod/mini'
import { pk } from '../http/fields'
import { pageQuery } from '../http/paging'
import { queryParam } from '../http/params'

export const followerBody = z.object({ followed: pk() }).register(z.globalRegistry, { id: 'FollowerBody' })

export const followerListQuery = z.extend(pageQuery, {
  owner: queryParam('Follows by this user.'),
  followed: queryParam('Follows that have this user as `followed`.'),
})

export const followerAnswer = z
  .object({
    id: z.int(),
    owner: z.string(),
    created_at: z.string(),
    created: z.iso.datetime(),
    updated: z.iso.datetime(),
    followed: z.int(),
    followed_name: z.string(),
    request_id: z
      .nullable(z.int())
      .check(
        z.describe(
          'The id of the pending follow request, if the account is private. There is no follow yet, and `id` is 0.',
        ),
      ),
  })
  .register(z.globalRegistry, { id: 'Follower' })
export type FollowerAnswer = z.output<typeof followerAnswer>

export const requestAnswer = z
  .object({
    id: z.int(),
    owner: z.string(),
    profile_id: z.int(),
    created_at: z.string(),
    created: z.iso.datetime(),
    updated: z.iso.datetime(),
    followed: z.int(),
    followed_name: z.string(),
  })
  .register(z.globalRegistry, { id: 'FollowRequest' })
export type RequestAnswer = z.output<typeof requestAnswer>
