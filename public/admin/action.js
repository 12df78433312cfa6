/** The form for an action on a subject or a user, with a reason and a message. */
import { h, spoken } from './dom.js'
import { field, form, input, select, textarea } from './form.js'
import { actionsFor, REASONS } from './words.js'

const DAY_MS = 86_400_000

/** The format of `datetime-local` inputs: local time, to the minute. */
function local(time) {
  const shifted = new Date(time.getTime() - time.getTimezoneOffset() * 60_000)
  return shifted.toISOString().slice(0, 16)
}

/** @param act Receives the body of the API request. */
export function actionForm(kind, state, act) {
  const action = select(actionsFor(kind, state))
  const until = input({ type: 'datetime-local', value: local(new Date(Date.now() + 7 * DAY_MS)) })
  const suspension = field('Until', 'until', until)
  const follow = () => {
    suspension.hidden = action.value !== 'suspend'
  }
  action.addEventListener('change', follow)
  follow()
  return form(
    'Do it',
    ({ action, reason, text, until }) =>
      act({
        action,
        reason,
        text,
        ...(action === 'suspend' && until && { until: new Date(until).toISOString() }),
      }),
    h('div', { class: 'row' }, field('Action', 'action', action), field('Reason', 'reason', reasons())),
    suspension,
    field(
      'Words to the person concerned',
      'text',
      textarea({ maxlength: 2000, required: true }),
      'They are shown these words, the reason and what was done, and may appeal once. They do not learn who did it.',
    ),
  )
}

const reasons = () => select(REASONS.map((reason) => [reason, spoken(reason)]))
