import { withQuery } from '../api.js'
import { card, end, h, plural } from '../dom.js'
import { field, form, input } from '../form.js'
import { list } from '../list.js'

/** Finds users by the beginning of their names. */
export async function peoplePage({ query }) {
  const search = query.get('search') ?? ''
  return [
    form(
      'Search',
      ({ search }) => {
        location.hash = withQuery('#/people', { search })
      },
      field(
        'The name begins with',
        'search',
        input({ type: 'search', value: search, autocapitalize: 'none' }),
      ),
    ),
    await list(withQuery('moderation/people/', { search }), person, 'Nobody is called that.'),
  ]
}

const person = (one) =>
  card(
    h('a', { href: `#/people/${one.id}` }, one.username),
    h('p', {}, [plural(one.posts_count, 'post'), one.role && `, ${one.role}`, ...standing(one)]),
  )

/** Why a user is hidden or restricted. */
export const standing = (one) => [
  one.is_silenced && ', silenced',
  ...(one.suspended_until ? [', suspended ', end(one.suspended_until)] : []),
  one.is_deleted && ', deleted their account',
]
