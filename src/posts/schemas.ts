import * as z from 'zod'
import { choice, text } from '../http/fields'
import { pageQuery } from '../http/paging'
import { queryParam } from '../http/params'
import { PICTURE, picture } from '../images/field'

// biome-ignore format: one list, as the contract gives it
const IMAGE_FILTERS = [
  '_1977', 'brannan', 'earlybird', 'hudson', 'inkwell', 'lofi', 'kelvin', 'normal', 'nashville', 'rise', 'toaster',
  'valencia', 'walden', 'xpro2',
] as const

export const postBody = z.object({
  title: text({ max: 255 }),
  content: text({ max: 100_000, blank: true }).optional(),
  image: picture(PICTURE),
  image_filter: choice([...IMAGE_FILTERS]).optional(),
})
export const postPatch = postBody.partial()

export const postListQuery = pageQuery.extend({
  search: queryParam(),
  ordering: queryParam(),
  owner__profile: queryParam(),
  owner__followed__owner__profile: queryParam(),
  likes__owner__profile: queryParam(),
  owner: queryParam(),
  followed: queryParam(),
  liked: queryParam(),
})

export const postAnswer = z.object({
  id: z.int(),
  owner: z.string(),
  is_owner: z.boolean(),
  profile_id: z.int(),
  profile_image: z.url(),
  created_at: z.string(),
  updated_at: z.string(),
  created: z.iso.datetime(),
  updated: z.iso.datetime(),
  title: z.string(),
  content: z.string(),
  image: z.url(),
  image_filter: z.string(),
  like_id: z.int().nullable(),
  likes_count: z.int(),
  comments_count: z.int(),
})
export type PostAnswer = z.output<typeof postAnswer>
