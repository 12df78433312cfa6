import { get, patch } from '../api.js'
import { field, form, select, textarea } from '../form.js'

const REGISTRATION = [
  ['open', 'open: everybody may sign up'],
  ['closed', 'closed: nobody may'],
]

/** The settings that admins change at runtime. */
export async function settingsPage({ reload }) {
  const path = 'moderation/settings/'
  const now = await get(path)
  return [
    form(
      'Save',
      async (changes) => {
        await patch(path, changes)
        await reload('Saved: the settings hold from now on.')
      },
      field('Registration', 'registration', select(REGISTRATION, now.registration)),
      field(
        'Reserved names',
        'reserved_names',
        lines(now.reserved_names),
        'One a line. Whoever has one keeps it.',
      ),
      field(
        'Blocked mail',
        'blocked_mail',
        lines(now.blocked_mail),
        'Domains and whole addresses with which nobody may sign up, one a line.',
      ),
    ),
  ]
}

const lines = (text) => textarea({ rows: 6, autocapitalize: 'none', spellcheck: 'false' }, text)
