/** Password resets in D1: the hashes of mailed tokens, each of which works once. */
import { and, eq, gte, sql } from 'drizzle-orm'
import type { Db } from '../db/client'
import { emailKey } from '../db/email'
import { type Charge, chargeStatement } from '../db/rate-limits'
import { passwordResets, users } from '../db/schema'
import { build, statement } from '../db/statements'
import { MAX_RESET_LINKS } from '../limits/limits'
import { forgetEmailChangesStatement } from './email-queries'
import { CREDENTIALS } from './queries'
import { revokeSessionsStatement } from './session-queries'

/**
 * Stores a reset token for the active user with this address, and returns that user, if there is one. Only the newest `MAX_RESET_LINKS` tokens stay
 * valid. Throws `Throttled`.
 */
export async function createPasswordReset(
  db: Db,
  email: string,
  {
    tokenHash,
    expiresAt,
    charged,
    now,
  }: { tokenHash: string; expiresAt: number; charged: readonly Charge[]; now: number },
) {
  const owner = and(eq(users.emailKey, emailKey(email)), eq(users.isActive, true))
  const [, found] = await db.batch([
    chargeStatement(charged, now),
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
    statement(
      build.delete(passwordResets).where(sql`rowid in (select rowid from password_resets
        where user_id = (select id from users where ${owner}) order by rowid desc limit -1 offset ${MAX_RESET_LINKS})`),
    ),
  ])
  return found[0]
}

/** The active user, and whether this is a valid reset token of that user. Throws `Throttled`. */
export async function findPasswordReset(
  db: Db,
  {
    userId,
    tokenHash,
    charged,
    now,
  }: { userId: number; tokenHash: string; charged: readonly Charge[]; now: number },
) {
  const [, found, tokens] = await db.batch([
    chargeStatement(charged, now),
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

/** Uses up a reset token: stores the password and ends all sessions. False if another request used it first. */
export async function usePasswordReset(db: Db, use: PasswordResetUse): Promise<boolean> {
  const { userId, tokenHash, passwordHash, now } = use
  const isThere = sql`exists (select 1 from password_resets where token_hash = ${tokenHash} and user_id = ${userId})`
  const [changed] = await db.batch([
    statement(
      build
        .update(users)
        // Receiving the link verifies the address that it was mailed to.
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

/** Deletes up to `limit` expired tokens. Returns a row for each. */
export const deleteExpiredPasswordResetsStatement = (now: number, limit: number) =>
  statement(
    build
      .delete(passwordResets)
      .where(
        sql`rowid in (select rowid from password_resets where expires_at < ${now} order by expires_at limit ${limit})`,
      )
      .returning({ userId: passwordResets.userId }),
  )
