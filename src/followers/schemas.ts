import * as z from 'zod'
import { pk } from '../http/fields'
import { pageQuery } from '../http/paging'
import { queryParam } from '../http/params'

export const followerBody = z.object({ followed: pk() })

export const followerListQuery = pageQuery.extend({
  owner: queryParam(),
  followed: queryParam(),
})

export const followerAnswer = z.object({
  id: z.int(),
  owner: z.string(),
  created_at: z.string(),
  created: z.iso.datetime(),
  updated: z.iso.datetime(),
  followed: z.int(),
  followed_name: z.string(),
})
export type FollowerAnswer = z.output<typeof followerAnswer>
