import { actionForm } from '../action.js'
import { get, patch, post } from '../api.js'
import { card, cards, end, h, image, section, spoken, time } from '../dom.js'
import { entry } from '../entries.js'
import { button } from '../form.js'
import { caseCard } from './cases.js'

/** Everything needed to judge a case, and the available actions. */
export async function casePage({ id, reload }) {
  const path = `moderation/cases/${id}/`
  const found = await get(path)
  const move = (state, name) =>
    button(name, async () => {
      await patch(path, { state })
      await reload(`Case ${id} is ${state}.`)
    })
  const act = async (deed) => {
    await post(`${path}actions/`, deed)
    await reload(`Done: ${spoken(deed.action)}.`)
  }
  return [
    h('h1', {}, `Case ${id}: ${found.kind} by ${found.author.username}`),
    h(
      'p',
      {},
      `It is ${found.state}`,
      found.claimed_by && `, ${found.state === 'closed' ? 'closed' : 'claimed'} by ${found.claimed_by}`,
      '. Opened ',
      time(found.opened),
      '.',
    ),
    h(
      'div',
      { class: 'row' },
      found.state === 'open' && move('claimed', 'Claim'),
      found.state === 'claimed' && move('open', 'Let go'),
      found.state !== 'closed' && move('closed', 'Close'),
      found.state === 'closed' && move('open', 'Open again'),
    ),
    section('The thing', thing(found)),
    section('Messages', found.messages.length > 0 && cards(found.messages.map((one) => message(one, found)))),
    section('Reports', found.reports.length > 0 && cards(found.reports.map(report))),
    section('Appeals', found.appeals.length > 0 && cards(found.appeals.map(appeal))),
    section('Its author', author(found)),
    section('Do something', actionForm(found.kind, stateOf(found), act)),
    section('What was done about it', found.entries.length > 0 && cards(found.entries.map(entry))),
    section('What its author was told before', found.history.length > 0 && cards(found.history.map(entry))),
    section(
      'Other cases about its author',
      found.other_cases.length > 0 && cards(found.other_cases.map(caseCard)),
    ),
  ]
}

const stateOf = (found) => ({
  isHidden: found.thing?.is_hidden,
  isSensitive: found.thing?.is_sensitive,
  isSilenced: found.author_is_silenced,
  suspendedUntil: found.author_suspended_until,
  isWarned: found.history.some(({ action }) => action === 'warn'),
})

function thing({ kind, subject, thing }) {
  if (!thing)
    return h('p', { class: 'faint' }, `${kind} ${subject}: it is not there any more, or stands below.`)
  return h(
    'div',
    { class: 'card' },
    thing.title && h('p', {}, h('strong', {}, thing.title)),
    thing.content && h('p', { class: 'words' }, thing.content),
    image(thing.image, 'What it shows'),
    h(
      'p',
      { class: 'faint' },
      `${kind} ${subject}, written `,
      time(thing.created),
      thing.is_hidden && ' · hidden',
      thing.is_sensitive && ' · sensitive',
      thing.erased_at && [' · deleted, erased ', time(thing.erased_at)],
    ),
  )
}

const message = (one, { author, kind, subject }) =>
  h(
    'li',
    { class: kind === 'message' && one.id === subject ? 'card is-reported' : 'card' },
    h('p', { class: 'words' }, one.content),
    image(one.image, 'What it shows'),
    h(
      'p',
      { class: 'faint' },
      `by ${one.sender === author.id ? author.username : 'the other'}, `,
      time(one.created),
      kind === 'message' && one.id === subject && ' · reported',
      one.is_hidden && ' · hidden',
    ),
  )

const report = (one) =>
  card(
    h('p', {}, h('strong', {}, spoken(one.category))),
    one.text && h('p', { class: 'words' }, one.text),
    one.evidence !== null && h('p', { class: 'words' }, 'It said then: ', h('q', {}, one.evidence)),
    image(one.evidence_image, 'What it showed then'),
    h(
      'p',
      { class: 'faint' },
      'by ',
      h('a', { href: `#/people/${one.reporter.id}` }, one.reporter.username),
      ', ',
      time(one.created),
    ),
  )

const appeal = (one) =>
  card(
    h('p', { class: 'words' }, one.text),
    h(
      'p',
      { class: 'faint' },
      time(one.created),
      one.answered ? [' · answered ', time(one.answered)] : ' · waits',
    ),
  )

const author = (found) =>
  h(
    'p',
    {},
    h('a', { href: `#/people/${found.author.id}` }, found.author.username),
    found.author_role && `, ${found.author_role}`,
    found.author_is_silenced && ', silenced',
    found.author_suspended_until && [', suspended ', end(found.author_suspended_until)],
  )
