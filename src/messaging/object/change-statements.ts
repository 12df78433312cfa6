/**
 * The changes of a conversation, in SQL.
 *
 * Each change is a list of statements of one transaction: it writes its entry of the log under the next `seq`, changes the messages,
 * and moves the conversation to that `seq`. A change that does not apply (somebody else's message, nothing left to read, a key that was
 * used) writes no entry, and so nothing. The object runs them one after the other; nobody else writes here.
 */
import { charges } from '../../db/rate-limits'
import type { Limits } from '../../limits/limits'
import type { TrackedChange } from '../shared/changes'
import type { Pair } from '../shared/pair'
import type { ChangeStatements } from './change-log'
import { clearStatements, deleteStatements } from './delete-statements'
import { editStatements } from './edit-statements'
import { moderateStatements } from './moderate-statements'
import { readStatements } from './read-statements'
import { sendStatements } from './send-statements'

/** The statements of a change. A text message without a key writes 5 rows, with one 7. */
export function changeStatements(
  pair: Pair,
  change: TrackedChange,
  now: number,
  limits: Limits,
): ChangeStatements {
  switch (change.type) {
    case 'send':
      return sendStatements(pair, change, now, limits)
    case 'edit':
      return editStatements(change, now, limits)
    case 'delete':
      return deleteStatements(change, charges(limits, 'edits', change.userId), now)
    case 'erase':
      return deleteStatements(change, [], now)
    case 'moderate':
      return moderateStatements(change)
    case 'clear':
      return clearStatements(pair, change)
    case 'read':
      return readStatements(pair, change)
  }
}
