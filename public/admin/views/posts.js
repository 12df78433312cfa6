import { actionForm } from '../action.js'
import { post, withQuery } from '../api.js'
import { card, h, image, spoken, time } from '../dom.js'
import { button, field, form, input, select } from '../form.js'
import { list } from '../list.js'

/** Posts by words or owner, or the hidden ones. */
export async function postsPage({ query, reload }) {
  const [search, state, owner] = ['search', 'state', 'owner'].map((name) => query.get(name) ?? '')
  return [
    form(
      'Search',
      ({ search, state }) => {
        location.hash = withQuery('#/posts', { search, state, owner })
      },
      h(
        'div',
        { class: 'row' },
        field('Words', 'search', input({ type: 'search', value: search })),
        field(
          'Which',
          'state',
          select(
            [
              ['', 'all'],
              ['hidden', 'hidden ones'],
            ],
            state,
          ),
        ),
      ),
    ),
    owner && h('p', {}, `Of person ${owner}. `, h('a', { href: '#/posts' }, 'Of everybody')),
    h('p', { class: 'faint' }, 'Posts of private accounts are not listed: open the case of one by its id.'),
    caseById(),
    await list(
      withQuery('moderation/posts/', { search, state, owner }),
      (one) => postCard(one, reload),
      'No such posts.',
    ),
  ]
}

const openCase = (id) => post('moderation/cases/', { post: id })

const caseById = () =>
  form(
    'Open its case',
    async ({ post }) => {
      location.hash = `#/cases/${(await openCase(post)).id}`
    },
    field('Id of a post', 'post', input({ inputmode: 'numeric' })),
  )

function postCard(one, reload) {
  const state = { isHidden: one.is_hidden, isSensitive: one.is_sensitive }
  return card(
    h('p', {}, h('strong', {}, one.title)),
    one.excerpt && h('p', { class: 'words' }, one.excerpt),
    image(one.image, 'What it shows'),
    h(
      'p',
      { class: 'faint' },
      `post ${one.id} by `,
      h('a', { href: `#/people/${one.owner.id}` }, one.owner.username),
      ', ',
      time(one.created),
      one.is_hidden && ' · hidden',
      one.is_sensitive && ' · sensitive',
      one.erased_at && [' · deleted, erased ', time(one.erased_at)],
    ),
    button('Open its case', async () => {
      location.hash = `#/cases/${(await openCase(one.id)).id}`
    }),
    h(
      'details',
      {},
      h('summary', {}, `Do something about post ${one.id}`),
      actionForm('post', state, async (deed) => {
        const { id } = await openCase(one.id)
        await post(`moderation/cases/${id}/actions/`, deed)
        await reload(`Done: ${spoken(deed.action)}. Case ${id} is open.`)
      }),
    ),
  )
}
