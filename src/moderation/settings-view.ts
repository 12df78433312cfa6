import type { Settings } from './settings-queries'
import type { SettingsAnswer } from './settings-schemas'

/** Settings as an admin edits them: lists have one entry per line. */
export const settingsView = (settings: Settings): SettingsAnswer => ({
  registration: settings.registration,
  reserved_names: settings.reserved_names.join('\n'),
  blocked_mail: settings.blocked_mail.join('\n'),
})
