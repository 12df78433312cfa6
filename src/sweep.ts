/**
 * Forgets rows that have run out, in pieces: each is a call of its own, after which others have their turn, and which reads and writes at most
 * 2,000 rows, indexes included. A run that ends early leaves nothing half-done: the next one goes on.
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
/** Keys of limits are looked for seven times over. */
const LIMITS_AT_ONCE = 250
/** Of each kind in a run. D1 takes 1,000 calls of one invocation. */
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
      // Some take fewer than they are given.
      if (gone.length === 0) break
    }
  }
  await countDay(db, now)
  await sweepLimits(db, { now, latest: latestStampOf(limits, now) })
}

/** What is used up of limits has no index by time, which would make every write dearer: the whole table is looked at, over as many runs as it takes. */
async function sweepLimits(db: Db, times: { now: number; latest: number }): Promise<void> {
  const [[position]] = await db.batch([sweepPositionStatement()])
  let after = position?.key ?? ''
  for (let i = 0; i < PIECES_PER_RUN; i++) {
    const [[end]] = await db.batch(sweepLimitsStatements(after, times, LIMITS_AT_ONCE))
    if (!end) return
    after = end.key
  }
}
