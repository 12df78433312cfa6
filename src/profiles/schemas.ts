import * as z from 'zod/mini'
import { text } from '../http/fields'
import { textBytes } from '../http/limits'
import { pageQuery } from '../http/paging'
import { queryParam } from '../http/params'
import { changedImageField, IMAGE, imageUpload } from '../images/field'

const MAX_CONTENT = 10_000

/** For `body()`. */
export const PROFILE_LIMITS = { maxBytes: textBytes(MAX_CONTENT), upload: imageUpload(IMAGE) }

export const profileBody = z
  .object({
    name: z.optional(text({ max: 255, blank: true })),
    content: z.optional(text({ max: MAX_CONTENT, blank: true })),
    image: changedImageField(IMAGE),
  })
  .register(z.globalRegistry, { id: 'ProfileBody' })

export const profileListQuery = z.extend(pageQuery, {
  ordering: queryParam(
    'Comma-separated, each with `-` for descending: id, created_at, owner, title, posts_count, followers_count, following_count, owner__following__created_at, owner__followed__created_at. By several, by the last two, by title, or of a filtered list: the newest 300, sorted.',
  ),
  owner__following__followed__profile: queryParam('Profiles that follow this one.'),
  owner__followed__owner__profile: queryParam(
    'Profiles that this one follows. With both filters a page may be shorter than its size, and `next` goes on.',
  ),
})

export const profileAnswer = z
  .object({
    id: z.int(),
    owner: z.string(),
    created_at: z.string(),
    updated_at: z.string(),
    created: z.iso.datetime(),
    updated: z.iso.datetime(),
    name: z.string(),
    content: z.string(),
    image: z.url(),
    is_owner: z.boolean(),
    following_id: z.nullable(z.int()),
    posts_count: z.int(),
    followers_count: z.int(),
    following_count: z.int(),
    posts: z.array(z.url()),
    user_id: z.int(),
  })
  .register(z.globalRegistry, { id: 'Profile' })
export type ProfileAnswer = z.output<typeof profileAnswer>
