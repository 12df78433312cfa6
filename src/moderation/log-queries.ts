/** Reads the audit log from D1. */

import { sql } from 'drizzle-orm'
import type { Db } from '../db/client'
import { inListOrder, newestFirst } from '../db/list-order'
import { limits, type PageRequest, type PageSlice } from '../db/page'
import { rowCount } from '../db/sequences'
import { selectStatement } from '../db/statements'
import { ENTRY, type EntryRow, fromLog, l } from './log-statements'

export const NEWEST_ENTRIES = newestFirst<EntryRow>('moderation', l.id)

/** Newest first. Reads three rows for each entry shown or skipped. */
export async function listEntries(db: Db, page: PageRequest): Promise<PageSlice<EntryRow>> {
  const order = NEWEST_ENTRIES.towards(page)
  const kept = rowCount('moderation_actions')
  const behind = page.after ? sql`where ${order.after(page.after)}` : sql``
  const [rows, [counted]] = await db.batch([
    selectStatement(ENTRY, sql`${fromLog} ${behind} ${order.orderBy()} ${limits(page, kept)}`),
    selectStatement({ count: kept }, sql``),
  ])
  return { rows: inListOrder(rows, page), count: counted?.count ?? 0 }
}
