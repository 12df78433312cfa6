/** `/moderation/posts` */

import { requireUser } from '../auth/credentials'
import { requireStaff } from '../auth/staff'
import { describe } from '../http/describe'
import type { AppEnv } from '../http/env'
import { ValidationError } from '../http/errors'
import { choiceFilters, idFilters } from '../http/filters'
import { Hono } from '../http/hono'
import { answerPage, pageOf } from '../http/paging'
import { inQuery, requireShort } from '../http/params'
import { imageUrls } from '../images/url'
import { MAX_OWNERS, MAX_WORDS, searchWords, unindexed } from '../posts/search'
import { listStaffPosts, NEWEST_STAFF_POSTS, POST_COUNT_LIMIT } from './post-queries'
import { staffPostAnswer, staffPostListQuery } from './post-schemas'
import { staffPostView } from './view'

export const staffPostRoutes = new Hono<AppEnv>().get(
  '/',
  describe({
    id: 'listStaffPosts',
    summary: 'Posts, including hidden ones, newest first',
    description: 'Does not list posts of private accounts: to read one, open a case, which is recorded.',
    answers: { 200: pageOf(staffPostAnswer) },
    errors: ['permission_denied'],
  }),
  requireUser,
  requireStaff('moderator'),
  inQuery(staffPostListQuery),
  async (c) => {
    const query = c.req.valid('query')
    const { db } = c.var
    const words = searchWords(requireShort('search', query.search))
    const areGood = words.length <= MAX_WORDS && unindexed(words).length === 0
    const { ids, check: checkOwner } = idFilters(query, ['owner'])
    const { values, check: checkState } = choiceFilters(query, { state: ['hidden'] })
    const filter = { words: areGood ? words : [], owner: ids.owner, isHidden: values.state === 'hidden' }
    const urls = imageUrls(c)
    const page = await answerPage(c, query, {
      order: NEWEST_STAFF_POSTS,
      filter,
      isCountKept: false,
      countLimit: POST_COUNT_LIMIT,
      price: {
        shown: 5,
        skipped: 5,
        hidden: 4,
        fixed: 2 * MAX_OWNERS,
        counting: 4 * POST_COUNT_LIMIT + MAX_OWNERS,
      },
      load: async (page) => {
        const found = await listStaffPosts(db, filter, page, Date.now())
        // Validated after the query, which checks the role: others must learn nothing else.
        checkOwner(() => true)
        checkState()
        if (!areGood) throw new ValidationError({ search: ['Ensure each word has at least 3 characters.'] })
        return found
      },
      view: (row) => staffPostView(row, urls),
    })
    return c.json(page)
  },
)
