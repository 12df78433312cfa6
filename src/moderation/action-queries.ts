/** Applies actions to cases in D1. */
import { sql } from 'drizzle-orm'
import type { Db } from '../db/client'
import { effectStatements } from './action-statements'
import { type CaseRow, isForStatement } from './case-queries'
import { type EntryRow, l, logCaseStatement, newestEntriesStatement } from './log-statements'
import type { Action, Reason } from './vocabulary'

interface Deed {
  action: Action
  reason: Reason
  /** The message to the author. */
  text: string
  /** When a suspension ends. */
  until?: number | undefined
  now: number
}

/**
 * Applies an action, adds the log entry, and leaves the author a notice, in one transaction. Gives the log entry. Throws `NotStaff` if this moderator
 * may not judge the case.
 */
export async function act(db: Db, actorId: number, on: CaseRow, deed: Deed): Promise<EntryRow | undefined> {
  const { action } = deed
  const results: unknown[] = await db.batch([
    isForStatement(actorId, on.id),
    logCaseStatement({ ...deed, actorId, isNotice: true }, sql`from cases c where c.id = ${on.id}`),
    newestEntriesStatement(sql`${l.caseId} = ${on.id}`, 1),
    ...effectStatements(action, on, deed),
  ])
  // The third statement returns the log entry.
  const [entry] = results[2] as EntryRow[]
  return entry
}

/** The newest entry that this moderator has made about the case. */
export async function ownEntry(db: Db, actorId: number, caseId: number): Promise<EntryRow | undefined> {
  const [[entry]] = await db.batch([
    newestEntriesStatement(sql`${l.caseId} = ${caseId} and ${l.actorId} = ${actorId}`, 1),
  ])
  return entry
}
