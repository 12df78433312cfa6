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
 * For `body()`. The longest text that fits takes 1.2 MB; somebody who pastes more than that is told by the field, not by a 413 that no
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
    'Words that must each occur in the title or in the owner’s name, whatever their case and marks; 1,000 characters at most. Of the names that hold a word the 120 newest count (fewer where there are several words), and the one that is the word. A search for words of one or two characters only, or with two filters, looks at the newest posts, some hundred for a page: it may be shorter than its size, and `next` goes on.',
  ),
  ordering: queryParam(
    'One of likes_count, comments_count, likes__created_at, created_at, id, title, owner; with `-` for descending. Of several, the first. By anything but time, a filtered or searched list is its newest posts, sorted, 120 at least; so is any list by title or owner.',
  ),
  owner__profile: queryParam('Posts of this profile.'),
  owner__followed__owner__profile: queryParam(
    'The feed of this profile: posts of whom it follows. Where that are more than 200, a page looks at the newest 500 posts of all; `next` goes on.',
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
    is_sensitive: z.boolean().check(z.describe('As moderators have marked it.')),
    like_id: z.nullable(z.int()),
    likes_count: z.int(),
    comments_count: z.int(),
    comments_closed: z.boolean(),
  })
  .register(z.globalRegistry, { id: 'Post' })
export type PostAnswer = z.output<typeof postAnswer>
