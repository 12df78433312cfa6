/** Acting on a case in D1. */
import { sql } from 'drizzle-orm'
import type { Db } from '../db/client'
import { effectStatements } from './action-statements'
import { type CaseRow, isForStatement } from './case-queries'
import { type EntryRow, l, logCaseStatement, newestEntriesStatement } from './log-statements'
import type { Action, Reason } from './vocabulary'

interface Deed {
  action: Action
  reason: Reason
  /** To the person concerned. */
  text: string
  /** When a suspension ends. */
  until?: number | undefined
  now: number
}

/** Does it, notes it, and leaves the person concerned a notice: all in one transaction. Gives the entry of the log. Throws `NotStaff` where it is not this person's to judge. */
export async function act(db: Db, actorId: number, on: CaseRow, deed: Deed): Promise<EntryRow | undefined> {
  const { action } = deed
  const results: unknown[] = await db.batch([
    isForStatement(actorId, on.id),
    logCaseStatement({ ...deed, actorId, isNotice: true }, sql`from cases c where c.id = ${on.id}`),
    newestEntriesStatement(sql`${l.caseId} = ${on.id}`, 1),
    ...effectStatements(action, on, deed),
  ])
  // What the third statement gives.
  const [entry] = results[2] as EntryRow[]
  return entry
}

/** The newest entry that this person has made about the case. */
export async function ownEntry(db: Db, actorId: number, caseId: number): Promise<EntryRow | undefined> {
  const [[entry]] = await db.batch([
    newestEntriesStatement(sql`${l.caseId} = ${caseId} and ${l.actorId} = ${actorId}`, 1),
  ])
  return entry
}
