/** What a list of posts is asked for, read from its query. */
import type * as z from 'zod/mini'
import type { FieldErrors } from '../http/errors'
import { idFilters } from '../http/filters'
import { requireShort } from '../http/params'
import type { PostPage } from './list'
import type { postListQuery } from './schemas'
import { MAX_WORDS, searchWords } from './search'
import { type NamedFilter, type PostOrder, postOrder, SORT_COLUMNS, type SortField } from './selection'

/** The long names are the original's; the short ones do the same. */
const FILTERS = {
  owner__profile: 'owner',
  owner: 'owner',
  owner__followed__owner__profile: 'followedBy',
  followed: 'followedBy',
  likes__owner__profile: 'likedBy',
  liked: 'likedBy',
} as const

const FILTER_NAMES = Object.keys(FILTERS) as (keyof typeof FILTERS)[]

/** `check` throws `ValidationError` for all that is wrong at once, as which filters name nobody is known from the page. */
export function postListing(query: z.output<typeof postListQuery>) {
  const words = searchWords(requireShort('search', query.search))
  const { ids, check: checkIds } = idFilters(query, FILTER_NAMES)
  const errors: FieldErrors = {}
  if (words.length > MAX_WORDS) errors.search = [`Ensure this field has no more than ${MAX_WORDS} words.`]
  // Told once it is known what else is wrong; until then searching for so many would be in vain.
  const filter: NamedFilter = { words: errors.search ? [] : words }
  for (const name of FILTER_NAMES) {
    // Of two names for the same, the long one counts.
    if (filter[FILTERS[name]] === undefined) filter[FILTERS[name]] = ids[name]
    else delete ids[name]
  }
  const order = ordering(filter, query.ordering)
  const check = (page: PostPage) => {
    checkIds((id) => page.existing.has(id), errors)
    return page
  }
  return { filter, order, check }
}

/** The first field of the list that posts can be ordered by; newest first where there is none. */
function ordering(filter: NamedFilter, value = ''): PostOrder {
  for (const term of value.split(',')) {
    const name = term.trim().replace(/^-/, '')
    if (Object.hasOwn(SORT_COLUMNS, name))
      return postOrder(filter, name as SortField, term.trim().startsWith('-'))
  }
  return postOrder(filter, 'created_at', true)
}
