/** Deleting and restoring one's own account. `account/` erases it later. */
import { and, eq, gt, isNull } from 'drizzle-orm'
import { turnStatements } from '../db/account-hidings'
import type { Db } from '../db/client'
import { deletedAccounts, passwordResets } from '../db/schema'
import { build, statement } from '../db/statements'
import { forgetEmailChangesStatement } from './email-queries'
import { revokeSessionsStatement } from './session-queries'

/** Hides the account, ends all its sessions, and invalidates reset links and pending address changes. */
export async function deleteAccount(
  db: Db,
  userId: number,
  { now, eraseAt }: { now: number; eraseAt: number },
): Promise<void> {
  await db.batch([
    statement(build.insert(deletedAccounts).values({ userId, deletedAt: now, eraseAt })),
    ...turnStatements(userId),
    revokeSessionsStatement(userId, undefined, now),
    forgetEmailChangesStatement(userId),
    statement(build.delete(passwordResets).where(eq(passwordResets.userId, userId))),
  ])
}

/**
 * Restores the account, unless it is being erased or due for it: the grace period is over, or the operator has ended it. Returns a row if the account
 * was deleted; then call `turnFirstPiece`.
 */
export const restoreAccountStatement = (userId: number, now: number) =>
  statement(
    build
      .delete(deletedAccounts)
      .where(
        and(
          eq(deletedAccounts.userId, userId),
          isNull(deletedAccounts.erasingSince),
          gt(deletedAccounts.eraseAt, now),
        ),
      )
      .returning({ userId: deletedAccounts.userId }),
  )
