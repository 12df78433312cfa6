import * as z from 'zod/mini'
import { choice, wholeNumber } from '../http/fields'
import { queryParam } from '../http/params'
import { KINDS, LEVELS } from './kinds'
import { notificationAnswer } from './shared/answer-schemas'

export const notificationListQuery = z.object({
  page_size: queryParam('The number of groups on a page: 20 by default, at most 100.'),
  cursor: queryParam('The cursor from `next`.'),
})

export const notificationPage = z
  .object({ next: z.nullable(z.url()), previous: z.nullable(z.url()), results: z.array(notificationAnswer) })
  .register(z.globalRegistry, { id: 'NotificationPage' })

export const seenBody = z.object({ up_to: wholeNumber() }).register(z.globalRegistry, { id: 'SeenBody' })

const [first, ...rest] = KINDS
const ofEach = <Value>(value: () => Value) =>
  // `fromEntries` loses the keys' type: there is one for each kind.
  Object.fromEntries([first, ...rest].map((kind) => [kind, value()])) as Record<typeof first, Value>

export const settingsPatch = z
  .object(ofEach(() => choice([...LEVELS])))
  .register(z.globalRegistry, { id: 'NotificationSettingsPatch' })

export const settingsAnswer = z
  .object(ofEach(() => z.enum(LEVELS)))
  .register(z.globalRegistry, { id: 'NotificationSettings' })
export type SettingsAnswer = z.output<typeof settingsAnswer>
