/** The log of a conversation, read back: what a client has missed. */
import { sql } from 'drizzle-orm'
import type { Db } from '../db/client'
import type { Event } from './changes'
import { type MessageRow, messageJson, ofPair, type Pair } from './rows'

const PAGE = 200

/** One client's catching up, over as many pages as it takes. */
export interface Replay {
  /** The seq where it began. */
  from: number
  /** The messages that were new since then and that it has: what happens to them now is news of old ones. */
  shown: Set<number>
}

export interface Missed {
  /** The conversation's newest seq. */
  newest: number
  /** In order. What a later change of the same message supersedes is left out, and a message new since then comes as one. */
  events: Event[]
  /** Everything up to here has been looked at. */
  seen: number
}

type Entry = Omit<Event, 'message' | 'kind'> & { kind: Event['kind']; message: string | null }

/** The first changes after `since`. One call. Reads at most 6 rows for each change. */
export async function missedSince(
  db: Db,
  pair: Pair,
  since: number,
  { from, shown }: Replay = { from: since, shown: new Set() },
): Promise<Missed> {
  const message = sql`(select ${messageJson} from messages m cross join users a on a.id = c.user_a
    cross join users b on b.id = c.user_b cross join messages l on l.id = c.last_message_id
    where m.id = changes.message_id and m.changed_seq = changes.seq)`
  const [conversations, entries] = await db.batch([
    db.rows<{ seq: number }>(sql`select seq from conversations c where ${ofPair(pair)}`),
    db.rows<Entry>(sql`select changes.seq, changes.kind, changes.user_id as "userId", changes.message_id as "messageId",
      changes.up_to as "upTo", case when changes.kind in ('message', 'edited') then ${message} end as message
      from conversations c cross join changes on changes.conversation_id = c.id
      where ${ofPair(pair)} and changes.seq > ${since} order by changes.seq limit ${PAGE}`),
  ])
  const newest = conversations[0]?.seq ?? 0
  const events = entries.flatMap(({ message, ...entry }): Event[] => {
    if (entry.kind !== 'message' && entry.kind !== 'edited') return [entry]
    if (message === null) return []
    const row: MessageRow = JSON.parse(message)
    const isNew = row.seq > from && !shown.has(row.id)
    if (isNew) shown.add(row.id)
    return [{ ...entry, kind: isNew ? 'message' : 'edited', message: row }]
  })
  return { newest, events, seen: entries.length < PAGE ? newest : (entries.at(-1)?.seq ?? newest) }
}
