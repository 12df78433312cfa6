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

/** The session remembers this statement's result, and notifies these users' channels after the answer (`live/worker/tell.ts`). */
export class ToldStatement extends Statement<Recipient[]> {
  constructor(query: SQL) {
    super({ getQuery: () => dialect.sqlToQuery(query), mapResult: ({ results }) => results })
  }
}

/**
 * The statement that finds the users whom the batch has notified of this row, except those who do not want this kind on their channel. Likes follow later.
 * Reads a row for each.
 */
export const toldStatement = (kinds: readonly Exclude<Kind, 'like'>[], causeId: SQL | number) =>
  new ToldStatement(sql`select distinct n.recipient_id as "recipientId" from notifications n
    where n.kind in (select value from json_each(${JSON.stringify(kinds)})) and n.cause_id = ${causeId}
      and not exists (select 1 from notification_settings s where s.user_id = n.recipient_id and s.kind = n.kind and s.level <> 'live')
    limit ${MAX_TOLD}`)

/** The statement that makes the user's own channel check D1, because something of the user's has changed. */
export const selfToldStatement = (userId: number) => new ToldStatement(sql`select ${userId} as "recipientId"`)
