/** Log entries, on every page that shows them. */
import { card, h, spoken, time } from './dom.js'

export const entry = (one) =>
  card(
    h(
      'p',
      {},
      h('strong', {}, spoken(one.action)),
      one.person && [' · ', h('a', { href: `#/people/${one.person.id}` }, one.person.username)],
      one.case && [' · ', h('a', { href: `#/cases/${one.case}` }, `case ${one.case}`)],
      one.kind && ` · ${one.kind} ${one.subject}`,
      one.reason && ` · ${spoken(one.reason)}`,
    ),
    one.text && h('p', { class: 'words' }, one.text),
    one.until && h('p', {}, 'Until ', time(one.until)),
    h('p', { class: 'faint' }, `by ${one.actor ?? 'whoever runs the service'}, `, time(one.created)),
  )
