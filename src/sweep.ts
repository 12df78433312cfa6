/**
 * Deletes expired rows in pieces. Each piece is a call of its own, so that other work can run in between, and reads and writes at most
 * 2,000 rows, indexes included. If a run ends early, the next one continues.
 */
import { deleteExpiredEmailKeysStatement } from './auth/email-queries'
import { deleteExpiredPasswordResetsStatement } from './auth/password-reset-queries'
import { deleteExpiredSessionsStatement } from './auth/session-queries'
import type { Db } from './db/client'
import { deleteExpiredKeysStatement } from './db/idempotency'
import { deleteOldFencesStatement } from './db/image-leases'
import {
  deleteReleasedUsernamesStatement,
  latestStampOf,
  sweepLimitsStatements,
  sweepPositionStatement,
} from './db/rate-limits'
import type { Statement } from './db/statements'
import type { Limits } from './limits/limits'
import { eraseClearedStatements } from './messaging/object/clearing-statements'
import {
  endSuspensionsStatement,
  eraseHiddenCommentsStatement,
  eraseHiddenMessagesStatement,
  eraseHiddenPostStatement,
  eraseHiddenPostsStatements,
} from './moderation/action-statements'
import { countDay } from './moderation/statistics-queries'
import { deleteOldNotificationsStatements } from './notifications/queries'

/** A session is in four trees: its row, and three indexes. */
const ROWS_AT_ONCE = 400
/** The statements look up keys of limits seven times. */
const LIMITS_AT_ONCE = 250
/** Pieces of each kind in a run. D1 accepts 1,000 calls per invocation. */
const PIECES_PER_RUN = 150

type Piece = (now: number, limit: number) => Statement<unknown[]>

const KINDS: readonly Piece[] = [
  deleteExpiredSessionsStatement,
  deleteExpiredPasswordResetsStatement,
  deleteExpiredEmailKeysStatement,
  deleteExpiredKeysStatement,
  deleteReleasedUsernamesStatement,
  deleteOldFencesStatement,
  ...deleteOldNotificationsStatements,
  endSuspensionsStatement,
  ...eraseHiddenPostsStatements,
  eraseHiddenPostStatement,
  eraseHiddenCommentsStatement,
  ...eraseClearedStatements,
  eraseHiddenMessagesStatement,
]

export async function sweepRows(db: Db, now: number, limits: Limits): Promise<void> {
  for (const piece of KINDS) {
    for (let i = 0; i < PIECES_PER_RUN; i++) {
      const [gone] = await db.batch([piece(now, ROWS_AT_ONCE)])
      // Some pieces process fewer rows than the limit.
      if (gone.length === 0) break
    }
  }
  await countDay(db, now)
  await sweepLimits(db, { now, latest: latestStampOf(limits, now) })
}

/** Rate limits have no index by time, which would make every write more expensive: the whole table is scanned, over several runs if necessary. */
async function sweepLimits(db: Db, times: { now: number; latest: number }): Promise<void> {
  const [[position]] = await db.batch([sweepPositionStatement()])
  let after = position?.key ?? ''
  for (let i = 0; i < PIECES_PER_RUN; i++) {
    const [[end]] = await db.batch(sweepLimitsStatements(after, times, LIMITS_AT_ONCE))
    if (!end) return
    after = end.key
  }
}
