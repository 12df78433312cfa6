import * as z from 'zod/mini'
import { choice, flag, optional, text } from '../http/fields'
import { textBytes } from '../http/limits'
import { pageQuery } from '../http/paging'
import { queryParam } from '../http/params'
import { imageDescription } from '../images/description'
import { changedImageField, IMAGE, imageUpload, thumbhashField } from '../images/field'

const MAX_CONTENT = 10_000

/** Who may start a conversation with the user. */
const MESSAGE_POLICIES = ['everyone', 'following', 'nobody'] as const

/** For `body()`. */
export const PROFILE_LIMITS = { maxBytes: textBytes(MAX_CONTENT), upload: imageUpload(IMAGE) }

export const profileBody = z
  .object({
    name: z.optional(text({ max: 255, blank: true })),
    content: z.optional(text({ max: MAX_CONTENT, blank: true })),
    image: changedImageField(IMAGE),
    image_thumbhash: thumbhashField(),
    is_private: optional(flag()),
    message_policy: z.optional(choice([...MESSAGE_POLICIES])),
  })
  .register(z.globalRegistry, { id: 'ProfileBody' })

export const profileListQuery = z.extend(pageQuery, {
  ordering: queryParam(
    'Comma-separated, each with `-` for descending: id, created_at, owner, title, posts_count, followers_count, following_count, owner__following__created_at, owner__followed__created_at. Ordering by several fields, by title or by the last two, and ordering a filtered list, sorts only the newest 300.',
  ),
  owner__following__followed__profile: queryParam('Profiles that follow this one.'),
  owner__followed__owner__profile: queryParam(
    'Profiles that this one follows. With both filters, a page may have fewer results than `page_size`; `next` continues.',
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
    ...imageDescription,
    is_owner: z.boolean(),
    following_id: z.nullable(z.int()),
    posts_count: z.int(),
    followers_count: z.int(),
    following_count: z.int(),
    posts: z.array(z.url()),
    user_id: z.int(),
    is_private: z.boolean().check(z.describe('Only followers see its posts, likes and follows.')),
    message_policy: z
      .nullable(z.enum(MESSAGE_POLICIES))
      .check(
        z.describe(
          'Who may start a conversation with the user: `following` means people whom the user follows. Only shown to the owner.',
        ),
      ),
    follow_request_id: z
      .nullable(z.int())
      .check(z.describe('The id of the viewer’s pending follow request.')),
  })
  .register(z.globalRegistry, { id: 'Profile' })
export type ProfileAnswer = z.output<typeof profileAnswer>
