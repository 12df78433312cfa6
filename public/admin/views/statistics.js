import { get, withQuery } from '../api.js'
import { h } from '../dom.js'
import { field, form, select } from '../form.js'

const KINDS = ['people', 'posts', 'messages', 'reports']
const DAYS = ['7', '30', '90', '366']

/** What each day added, newest first. */
export async function statisticsPage({ query }) {
  const days = query.get('days') ?? '30'
  const told = await get(withQuery('moderation/statistics/', { days }))
  return [
    form(
      'Show',
      ({ days }) => {
        location.hash = withQuery('#/statistics', { days })
      },
      field(
        'Days',
        'days',
        select(
          DAYS.map((one) => [one, one]),
          days,
        ),
      ),
    ),
    h('p', { class: 'faint' }, 'Days are those of UTC. Counted every ten minutes.'),
    // A wide table scrolls sideways, with the keyboard too.
    h(
      'div',
      { class: 'wide', tabindex: 0, role: 'region', 'aria-label': 'What each day has brought' },
      h(
        'table',
        {},
        h('thead', {}, row('Day', KINDS, 'col')),
        h(
          'tbody',
          {},
          ...told.days.toReversed().map((day) =>
            row(
              day.day,
              KINDS.map((kind) => day[kind].toLocaleString()),
            ),
          ),
        ),
      ),
    ),
  ]
}

const row = (first, others, scope) =>
  h(
    'tr',
    {},
    h('th', { scope: scope ?? 'row' }, first),
    ...others.map((one) => (scope ? h('th', { scope }, one) : h('td', {}, one))),
  )
