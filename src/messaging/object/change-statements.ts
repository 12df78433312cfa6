/**
 * The changes of a conversation, in SQL.
 *
 * Each change is a list of statements in one transaction: it writes its log entry under the next `seq`, changes the messages, and moves the
 * conversation to that `seq`. A change that does not apply (somebody else's message, nothing left to read, a used key) writes no entry, and
 * therefore nothing. The object runs changes one after the other, and nothing else writes here.
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

/** The statements of a change. A text message writes 5 rows without a key, 7 with one. */
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
