/** Password resets in D1: tokens that were mailed, each good once. */
import { and, eq, gte, lt, sql } from 'drizzle-orm'
import type { Db } from '../db/client'
import { passwordResets, users } from '../db/schema'
import { fold } from '../db/text'
import { credentials } from './queries'
import { revokeSessions } from './sessions'

/** Stores a reset token for the active user of an address; says who that is, if anybody. One call either way. */
export async function createPasswordReset(db: Db, email: string, tokenHash: string, expiresAt: number) {
  const owner = and(eq(users.emailKey, fold(email)), eq(users.isActive, true))
  const [found] = await db.batch([
    db.build.select({ id: users.id, email: users.email, username: users.username }).from(users).where(owner),
    db.build.insert(passwordResets).select(
      db.build
        .select({
          tokenHash: sql<string>`${tokenHash}`.as('token_hash'),
          userId: users.id,
          expiresAt: sql<number>`${expiresAt}`.as('expires_at'),
        })
        .from(users)
        .where(owner),
    ),
  ])
  return found[0]
}

/** Whose reset token this is, if it is theirs and still good; `user` also where only the token is wrong. */
export async function findPasswordReset(db: Db, userId: number, tokenHash: string, now: number) {
  const [found, tokens] = await db.batch([
    db.build
      .select(credentials)
      .from(users)
      .where(and(eq(users.id, userId), eq(users.isActive, true))),
    db.build
      .select({ userId: passwordResets.userId })
      .from(passwordResets)
      .where(
        and(
          eq(passwordResets.tokenHash, tokenHash),
          eq(passwordResets.userId, userId),
          gte(passwordResets.expiresAt, now),
        ),
      ),
  ])
  return { user: found[0], tokenIsGood: tokens.length > 0 }
}

/** Uses a reset token: stores the password and ends all sessions. False where another request used it first. */
export async function usePasswordReset(
  db: Db,
  {
    userId,
    tokenHash,
    passwordHash,
    now,
  }: { userId: number; tokenHash: string; passwordHash: string; now: number },
): Promise<boolean> {
  const stillThere = sql`exists (select 1 from password_resets where token_hash = ${tokenHash} and user_id = ${userId})`
  const [changed] = await db.batch([
    db.build
      .update(users)
      .set({ passwordHash })
      .where(and(eq(users.id, userId), stillThere))
      .returning({ id: users.id }),
    revokeSessions(db, sql`case when ${stillThere} then ${userId} end`, undefined, now),
    db.build.delete(passwordResets).where(and(eq(passwordResets.userId, userId), stillThere)),
  ])
  return changed.length > 0
}

/** The statement that forgets reset tokens past their end. */
export const deleteExpiredResets = (db: Db, now: number) =>
  db.build.delete(passwordResets).where(lt(passwordResets.expiresAt, now))
