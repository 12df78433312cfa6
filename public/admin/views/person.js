import { actionForm } from '../action.js'
import { get, patch, post, remove } from '../api.js'
import { card, cards, h, plural, section, spoken, time } from '../dom.js'
import { entry } from '../entries.js'
import { button, field, form, select } from '../form.js'
import { standing } from './people.js'

const ROLES = [
  ['none', 'none'],
  ['moderator', 'moderator'],
  ['admin', 'admin'],
]

/** A user: their sessions, the actions against them, and the available actions. */
export async function personPage({ id, user, reload }) {
  const path = `moderation/people/${id}/`
  const found = await get(path)
  const isOneself = id === user.pk
  const openCase = () => post('moderation/cases/', { profile: id })
  return [
    h('h1', {}, found.username),
    h(
      'p',
      {},
      'Here since ',
      time(found.created),
      `, ${plural(found.posts_count, 'post')}`,
      found.role && `, ${found.role}`,
      ...standing(found),
      '. ',
      h('a', { href: `#/posts?owner=${id}` }, 'Posts'),
    ),
    user.role === 'admin' && !isOneself && section('Role', roleForm(found, path, reload)),
    section('Signed in', sessions(found, path, reload)),
    !isOneself &&
      !found.is_deleted &&
      section(
        'Do something',
        button('Open the case of the profile', async () => {
          location.hash = `#/cases/${(await openCase()).id}`
        }),
        actionForm('profile', stateOf(found), async (deed) => {
          const { id } = await openCase()
          await post(`moderation/cases/${id}/actions/`, deed)
          await reload(`Done: ${spoken(deed.action)}. Case ${id} is open.`)
        }),
      ),
    section('What was done', found.entries.length > 0 && cards(found.entries.map(entry))),
  ]
}

const stateOf = (found) => ({
  isSilenced: found.is_silenced,
  suspendedUntil: found.suspended_until,
  isWarned: found.entries.some(({ action }) => action === 'warn'),
})

const roleForm = (found, path, reload) =>
  form(
    'Give the role',
    async ({ role }) => {
      await patch(path, { role })
      await reload(`${found.username} has the role: ${role}.`)
    },
    field('Role', 'role', select(ROLES, found.role ?? 'none')),
  )

function sessions({ sessions }, path, reload) {
  if (sessions.length === 0) return h('p', { class: 'faint' }, 'Nowhere.')
  const end = async (which) => {
    await remove(`${path}sessions/${which}`)
    await reload('Signed out.')
  }
  return [
    cards(
      sessions.map((one) =>
        card(
          h('p', {}, one.device || 'An unknown device'),
          h('p', { class: 'faint' }, 'since ', time(one.created), ', last used ', time(one.last_used)),
          button('End this session', () => end(`${one.id}/`)),
        ),
      ),
    ),
    button('Sign out everywhere', () => end('')),
  ]
}
