/** What each of the two has unread. */
import { sql } from 'drizzle-orm'
import { conversations } from '../../db/schema'
import { selectStatement } from '../../db/statements'
import { notMuted } from '../../db/visibility'
import { ofPair } from '../shared/conversation-row'
import type { Pair, Side } from '../shared/pair'

export type UnreadOfBoth = Record<Side, number>

/** Of somebody who is muted nothing counts. Reads 1 row, and 1 where one mutes the other. */
export const unreadStatement = (pair: Pair) =>
  selectStatement(
    {
      a: sql<number>`iif(${notMuted(sql`${pair.b}`, pair.a)}, ${conversations.unreadA}, 0)`,
      b: sql<number>`iif(${notMuted(sql`${pair.a}`, pair.b)}, ${conversations.unreadB}, 0)`,
    },
    sql`from conversations where ${ofPair(pair)}`,
  )
