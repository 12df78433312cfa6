/** Checks whether the two users have a conversation, and neither blocks the other. */
import { sql } from 'drizzle-orm'
import type { Db } from '../../db/client'
import { conversations } from '../../db/schema'
import { selectStatement } from '../../db/statements'
import { notBlocked } from '../../db/visibility'
import { ofPair } from '../shared/conversation-row'
import type { Pair } from '../shared/pair'

/** Whether typing signals may be passed on. Reads 1 row. */
export async function mayTellTyping(db: Db, pair: Pair): Promise<boolean> {
  const [rows] = await db.batch([
    selectStatement(
      { found: sql<1>`1` },
      sql`from conversations where ${ofPair(pair)} and ${conversations.lastMessageId} is not null
        and ${notBlocked(sql`${pair.a}`, pair.b)}`,
    ),
  ])
  return rows.length > 0
}
