/** Users whom a write has notified: the triggers of `kept/notifications.ts` decide, so this is read in the same batch. */
import { type SQL, sql } from 'drizzle-orm'
import { dialect } from './columns'
import type { Kind } from './notification-kinds'
import { Statement } from './statements'

/** How many users' channels are told at once; the others' channels find out by polling. */
const MAX_TOLD = 20

interface Recipient {
  recipientId: number
}

/** What such a statement gives, the session remembers: their channels are told after the answer (`live/worker/tell.ts`). */
export class ToldStatement extends Statement<Recipient[]> {
  constructor(query: SQL) {
    super({ getQuery: () => dialect.sqlToQuery(query), mapResult: ({ results }) => results })
  }
}

/**
 * The statement that finds whom the batch has told of this row, but for those who want no channel of theirs to be told of such. Likes are told later. Reads a
 * row for each.
 */
export const toldStatement = (kinds: readonly Exclude<Kind, 'like'>[], causeId: SQL | number) =>
  new ToldStatement(sql`select distinct n.recipient_id as "recipientId" from notifications n
    where n.kind in (select value from json_each(${JSON.stringify(kinds)})) and n.cause_id = ${causeId}
      and not exists (select 1 from notification_settings s where s.user_id = n.recipient_id and s.kind = n.kind and s.level <> 'live')
    limit ${MAX_TOLD}`)

/** The statement that lets a channel look because something of theirs has changed. */
export const selfToldStatement = (userId: number) => new ToldStatement(sql`select ${userId} as "recipientId"`)
