/** Commits several changes of one conversation in one transaction. */
import { activeUserStatement, type Db } from '../../db/client'
import { MarkStatement } from '../../db/image-leases'
import type { Limits } from '../../limits/limits'
import { isByOthers, type Outcome, type TrackedChange } from '../shared/changes'
import { notBlockedStatement, openConversationStatement } from '../shared/conversation-row'
import type { Pair } from '../shared/pair'
import { changeStatements } from './change-statements'
import { type UnreadOfBoth, unreadStatement } from './unread-statements'

export interface CommittedChange {
  outcome: Outcome
  /** Whether its statements may have marked images. */
  marksImages: boolean
}

/** Commits all changes or none, in one call. Throws `Rejected` if nothing was written; any other error leaves that open. */
export async function commitAtOnce(
  db: Db,
  pair: Pair,
  together: readonly TrackedChange[],
  limits: Limits,
): Promise<{ committed: CommittedChange[]; unread: UnreadOfBoth | undefined }> {
  const now = Date.now()
  const changes = together.map((change) => changeStatements(pair, change, now, limits))
  const askers = new Map(
    together.flatMap((change) =>
      change.type === 'erase'
        ? []
        : [[`${change.userId}/${change.session}/${change.type === 'moderate'}`, change] as const],
    ),
  )
  const senders = new Set(together.flatMap((change) => (change.type === 'send' ? change.userId : [])))
  const before = [
    ...[...askers.values()].map(activeUserStatement),
    ...(together.every(isByOthers) ? [] : [notBlockedStatement(pair)]),
    ...(senders.size > 0 ? [openConversationStatement(pair, [...senders])] : []),
  ]
  const statements = changes.flatMap((change) => change.statements)
  const results: unknown[] = await db.batch([...before, ...statements, unreadStatement(pair)])
  const [unread] = results.pop() as UnreadOfBoth[]
  const rest = results.slice(before.length)
  return {
    committed: changes.map(({ statements, outcome }) => ({
      outcome: outcome(rest.splice(0, statements.length)),
      marksImages: statements.some((statement) => statement instanceof MarkStatement),
    })),
    unread,
  }
}
