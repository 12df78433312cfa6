import { withQuery } from '../api.js'
import { card, h, plural, time } from '../dom.js'
import { field, form, select } from '../form.js'
import { list } from '../list.js'
import { KINDS, STATES } from '../words.js'

/** The queue of cases, oldest first. */
export async function casesPage({ query }) {
  const [state, kind] = [query.get('state') ?? 'open', query.get('kind') ?? '']
  return [
    form(
      'Show',
      ({ state, kind }) => {
        location.hash = withQuery('#/cases', { state, kind })
      },
      h(
        'div',
        { class: 'row' },
        field(
          'State',
          'state',
          select(
            STATES.map((one) => [one, one]),
            state,
          ),
        ),
        field('Kind', 'kind', select([['', 'all'], ...KINDS.map((one) => [one, one])], kind)),
      ),
    ),
    await list(withQuery('moderation/cases/', { state, kind }), caseCard, 'No such cases.'),
  ]
}

/** A case in a list. */
export const caseCard = (one) =>
  card(
    h('a', { href: `#/cases/${one.id}` }, `Case ${one.id}: ${one.kind} by ${one.author.username}`),
    h(
      'p',
      {},
      `${one.state}, ${plural(one.reports_count, 'report')}`,
      one.claimed_by && `, ${one.state === 'closed' ? 'closed' : 'claimed'} by ${one.claimed_by}`,
      one.is_appealed && h('strong', {}, ' · appealed'),
    ),
    h('p', { class: 'faint' }, 'opened ', time(one.opened)),
  )
