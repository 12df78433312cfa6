import * as z from 'zod/mini'
import { pk, text } from '../http/fields'
import { textBytes } from '../http/limits'
import { mentions } from '../http/mentions'
import { pageQuery } from '../http/paging'
import { queryParam } from '../http/params'

const MAX_CONTENT = 10_000

/** For `body()`. */
export const COMMENT_LIMITS = { maxBytes: textBytes(MAX_CONTENT) }

const content = () => text({ max: MAX_CONTENT })

export const commentBody = z
  .object({ post: pk(), content: content() })
  .register(z.globalRegistry, { id: 'CommentBody' })
/** A comment cannot move to another post. */
export const commentPut = z.object({ content: content() }).register(z.globalRegistry, { id: 'CommentPut' })
export const commentPatch = z.partial(commentPut).register(z.globalRegistry, { id: 'CommentPatch' })

export const commentListQuery = z.extend(pageQuery, { post: queryParam('Comments on this post.') })

export const commentAnswer = z
  .object({
    id: z.int(),
    owner: z.string(),
    is_owner: z.boolean(),
    profile_id: z.int(),
    profile_image: z.url(),
    post: z.int(),
    created_at: z.string(),
    updated_at: z.string(),
    created: z.iso.datetime(),
    updated: z.iso.datetime(),
    content: z.string(),
    mentions,
  })
  .register(z.globalRegistry, { id: 'Comment' })
export type CommentAnswer = z.output<typeof commentAnswer>
