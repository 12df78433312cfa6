/** Reads filter and order of a list of posts from the query. */
import type * as z from 'zod/mini'
import type { FieldErrors } from '../http/errors'
import { idFilters } from '../http/filters'
import { requireShort } from '../http/params'
import type { PostPage } from './list'
import type { postListQuery } from './schemas'
import { MAX_WORDS, searchWords } from './search'
import { type NamedFilter, type PostOrder, postOrder, SORT_COLUMNS, type SortField } from './selection'

/** The long names are the original's; the short ones are aliases. */
const FILTERS = {
  owner__profile: 'owner',
  owner: 'owner',
  owner__followed__owner__profile: 'followedBy',
  followed: 'followedBy',
  likes__owner__profile: 'likedBy',
  liked: 'likedBy',
} as const

const FILTER_NAMES = Object.keys(FILTERS) as (keyof typeof FILTERS)[]

/** `check` throws `ValidationError` with all errors at once. It needs the page, which shows which filters name no existing user. */
export function postListing(query: z.output<typeof postListQuery>) {
  const words = searchWords(requireShort('search', query.search))
  const { ids, check: checkIds } = idFilters(query, FILTER_NAMES)
  const errors: FieldErrors = {}
  if (words.length > MAX_WORDS) errors.search = [`Ensure this field has no more than ${MAX_WORDS} words.`]
  // Reported together with the other errors; searching for so many words would be pointless.
  const filter: NamedFilter = { words: errors.search ? [] : words }
  for (const name of FILTER_NAMES) {
    // If both names are given, the long one counts.
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

/** The first valid field of the list; newest first if there is none. */
function ordering(filter: NamedFilter, value = ''): PostOrder {
  for (const term of value.split(',')) {
    const name = term.trim().replace(/^-/, '')
    if (Object.hasOwn(SORT_COLUMNS, name))
      return postOrder(filter, name as SortField, term.trim().startsWith('-'))
  }
  return postOrder(filter, 'created_at', true)
}
