/** Deleting one's account, and having it back. What is erased later, and how, is in `account/`. */
import { and, eq, gt, isNull } from 'drizzle-orm'
import { turnStatements } from '../db/account-hidings'
import type { Db } from '../db/client'
import { deletedAccounts, passwordResets } from '../db/schema'
import { build, statement } from '../db/statements'
import { forgetEmailChangesStatement } from './email-queries'
import { revokeSessionsStatement } from './session-queries'

/** Hides the account, ends all its sessions and makes reset links and changes of address useless. */
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

/** Shows the account again, and gives a row if it was not there (`turnFirstPiece` is to follow), unless it is being erased, or is to be: its days of grace are over, or the operator has ended them. */
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
