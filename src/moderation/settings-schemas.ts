import * as z from 'zod/mini'
import { choice, text } from '../http/fields'
import { trimmed } from '../http/visible'

const MAX_CHARACTERS = 20_000

/** One entry per line. */
const lines = (what: string) =>
  z
    .optional(
      z.pipe(
        text({ max: MAX_CHARACTERS, blank: true }),
        z.transform((list: string) => [...new Set(list.split('\n').flatMap((line) => trimmed(line) || []))]),
      ),
    )
    .check(z.describe(what))

export const settingsPatch = z
  .object({
    registration: choice(['open', 'closed']),
    reserved_names: lines('Usernames that nobody may take, one a line.'),
    blocked_mail: lines('Domains and whole addresses with which nobody may sign up, one a line.'),
  })
  .register(z.globalRegistry, { id: 'SettingsPatch' })

export const settingsAnswer = z
  .object({
    registration: z.enum(['open', 'closed']),
    reserved_names: z.string(),
    blocked_mail: z.string(),
  })
  .register(z.globalRegistry, { id: 'Settings' })
export type SettingsAnswer = z.output<typeof settingsAnswer>
