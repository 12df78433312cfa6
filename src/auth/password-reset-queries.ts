/** Password resets in D1: the hashes of tokens that were mailed, each good once. */
import { and, eq, gte, lt, sql } from 'drizzle-orm'
import type { Db } from '../db/client'
import { emailKey } from '../db/email'
import { passwordResets, users } from '../db/schema'
import { build, statement } from '../db/statements'
import { forgetEmailChangesStatement } from './email-queries'
import { CREDENTIALS } from './queries'
import { revokeSessionsStatement } from './session-queries'

/** Stores a reset token for the active user of an address, and gives that user, if there is one. */
export async function createPasswordReset(db: Db, email: string, tokenHash: string, expiresAt: number) {
  const owner = and(eq(users.emailKey, emailKey(email)), eq(users.isActive, true))
  const [found] = await db.batch([
    statement(build.select({ id: users.id, email: users.email }).from(users).where(owner)),
    statement(
      build.insert(passwordResets).select(
        build
          .select({
            tokenHash: sql<string>`${tokenHash}`.as('token_hash'),
            userId: users.id,
            expiresAt: sql<number>`${expiresAt}`.as('expires_at'),
          })
          .from(users)
          .where(owner),
      ),
    ),
  ])
  return found[0]
}

/** The active user, and whether this is a good reset token of theirs. */
export async function findPasswordReset(db: Db, userId: number, tokenHash: string, now: number) {
  const [found, tokens] = await db.batch([
    statement(
      build
        .select(CREDENTIALS)
        .from(users)
        .where(and(eq(users.id, userId), eq(users.isActive, true))),
    ),
    statement(
      build
        .select({ userId: passwordResets.userId })
        .from(passwordResets)
        .where(
          and(
            eq(passwordResets.tokenHash, tokenHash),
            eq(passwordResets.userId, userId),
            gte(passwordResets.expiresAt, now),
          ),
        ),
    ),
  ])
  return { user: found[0], tokenIsGood: tokens.length > 0 }
}

interface PasswordResetUse {
  userId: number
  tokenHash: string
  passwordHash: string
  now: number
}

/** Uses up a reset token: stores the password and ends all sessions. False where another request used it first. */
export async function usePasswordReset(db: Db, use: PasswordResetUse): Promise<boolean> {
  const { userId, tokenHash, passwordHash, now } = use
  const isThere = sql`exists (select 1 from password_resets where token_hash = ${tokenHash} and user_id = ${userId})`
  const [changed] = await db.batch([
    statement(
      build
        .update(users)
        // The link was read where it was sent.
        .set({ passwordHash, emailVerifiedAt: sql`coalesce(${users.emailVerifiedAt}, ${now})` })
        .where(and(eq(users.id, userId), isThere))
        .returning({ id: users.id }),
    ),
    revokeSessionsStatement(sql`case when ${isThere} then ${userId} end`, undefined, now),
    forgetEmailChangesStatement(sql`case when ${isThere} then ${userId} end`),
    statement(build.delete(passwordResets).where(and(eq(passwordResets.userId, userId), isThere))),
  ])
  return changed.length > 0
}

export const deleteExpiredPasswordResetsStatement = (now: number) =>
  statement(build.delete(passwordResets).where(lt(passwordResets.expiresAt, now)))
