/** Notifications as clients receive them, over HTTP and over channels. */
import * as z from 'zod/mini'
import { KINDS } from '../kinds'

const actorAnswer = z
  .object({ id: z.int(), username: z.string(), image: z.url() })
  .register(z.globalRegistry, { id: 'Actor' })

export const notificationAnswer = z
  .object({
    id: z.int(),
    kind: z.enum(KINDS),
    post: z.nullable(z.int()),
    comment: z.nullable(z.int()),
    actors: z.array(actorAnswer),
    count: z.int(),
    created: z.iso.datetime(),
    is_seen: z.boolean(),
  })
  .register(z.globalRegistry, { id: 'Notification' })
export type NotificationAnswer = z.output<typeof notificationAnswer>

export const unreadAnswer = z
  .object({ notifications: z.int(), messages: z.int(), requests: z.int() })
  .register(z.globalRegistry, { id: 'UnreadTotals' })
