import * as z from 'zod/mini'
import { choice, flag, optional, text } from '../http/fields'
import { mentions } from '../http/mentions'
import { pageQuery } from '../http/paging'
import { queryParam } from '../http/params'
import { imageDescription } from '../images/description'
import { changedImageField, IMAGE, imageField, imageUpload, thumbhashField } from '../images/field'

// biome-ignore format: one list, as the contract gives it
const IMAGE_FILTERS = [
  '_1977', 'brannan', 'earlybird', 'hudson', 'inkwell', 'lofi', 'kelvin', 'normal', 'nashville', 'rise', 'toaster',
  'valencia', 'walden', 'xpro2',
] as const

const MAX_CONTENT = 100_000
const MAX_ALT = 1_500

/**
 * For `body()`. The longest text that fits takes 1.2 MB; a longer paste should get the field's error, not a 413 that no
 * form shows.
 */
export const POST_LIMITS = { maxBytes: 4 * 2 ** 20, upload: imageUpload(IMAGE) }

export const postBody = z
  .object({
    title: text({ max: 255 }),
    content: z.optional(text({ max: MAX_CONTENT, blank: true })),
    image: imageField(IMAGE),
    image_filter: z.optional(choice([...IMAGE_FILTERS])),
    image_alt: z.optional(text({ max: MAX_ALT, blank: true })),
    image_thumbhash: thumbhashField(),
    comments_closed: optional(flag()),
  })
  .register(z.globalRegistry, { id: 'PostBody' })
export const postPut = z
  .extend(postBody, { image: changedImageField(IMAGE) })
  .register(z.globalRegistry, { id: 'PostPut' })
export const postPatch = z.partial(postPut).register(z.globalRegistry, { id: 'PostPatch' })

export const postListQuery = z.extend(pageQuery, {
  search: queryParam(
    'Words that must all occur in the title or the owner’s name, ignoring case and diacritics; at most 1,000 characters. Per word, an exact match and the newest 120 owners whose names contain it are considered (fewer if there are several words). Searching only for words of one or two characters, or with two filters, checks about a hundred of the newest posts per page: a page may have fewer results than `page_size`, and `next` continues.',
  ),
  ordering: queryParam(
    'One of likes_count, comments_count, likes__created_at, created_at, id, title, owner; with `-` for descending. If there are several, the first counts. Except by time, ordering a filtered or searched list sorts only its newest posts, at least 120; so does ordering any list by title or owner.',
  ),
  owner__profile: queryParam('Posts of this profile.'),
  owner__followed__owner__profile: queryParam(
    'The feed of this profile: posts by the accounts it follows. If these are more than 200, a page checks the newest 500 posts overall, and `next` continues.',
  ),
  likes__owner__profile: queryParam('Posts that this profile likes.'),
  owner: queryParam('Short for `owner__profile`.'),
  followed: queryParam('Short for `owner__followed__owner__profile`.'),
  liked: queryParam('Short for `likes__owner__profile`.'),
})

export const postAnswer = z
  .object({
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
    mentions,
    image: z.url(),
    image_filter: z.string(),
    image_alt: z.string(),
    ...imageDescription,
    is_sensitive: z.boolean().check(z.describe('Whether moderators have marked it as sensitive.')),
    like_id: z.nullable(z.int()),
    likes_count: z.int(),
    comments_count: z.int(),
    comments_closed: z.boolean(),
  })
  .register(z.globalRegistry, { id: 'Post' })
export type PostAnswer = z.output<typeof postAnswer>
