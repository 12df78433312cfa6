/** Both users' unread counts. */
import { sql } from 'drizzle-orm'
import { conversations } from '../../db/schema'
import { selectStatement } from '../../db/statements'
import { notMuted } from '../../db/visibility'
import { ofPair } from '../shared/conversation-row'
import type { Pair, Side } from '../shared/pair'

export type UnreadOfBoth = Record<Side, number>

/** Messages from a muted user do not count. Reads 1 row, and 1 more if one user mutes the other. */
export const unreadStatement = (pair: Pair) =>
  selectStatement(
    {
      a: sql<number>`iif(${notMuted(sql`${pair.b}`, pair.a)}, ${conversations.unreadA}, 0)`,
      b: sql<number>`iif(${notMuted(sql`${pair.a}`, pair.b)}, ${conversations.unreadB}, 0)`,
    },
    sql`from conversations where ${ofPair(pair)}`,
  )
