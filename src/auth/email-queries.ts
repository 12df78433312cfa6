/** Proving addresses, in D1: the hashes of keys that were mailed, each good once. */
import { and, eq, gte, isNull, ne, or, type SQL, sql } from 'drizzle-orm'
import type { Db } from '../db/client'
import { emailKey } from '../db/email'
import { type Charge, chargeStatement } from '../db/rate-limits'
import { emailKeys, passwordResets, users } from '../db/schema'
import { build, statement, writeStatement } from '../db/statements'
import { revokeSessionsStatement } from './session-queries'

/** How many keys of one account may be under way: each is a mail to somebody who may not have asked for it. */
const MAX_KEYS = 5

export type EmailPurpose = (typeof emailKeys.$inferSelect)['purpose']

interface NewKey {
  keyHash: string
  userId: number
  /** The address that the account has once the key is used. */
  email: string
  purpose: EmailPurpose
  expiresAt: number
  now: number
}

/** The statement that stores a key, and gives a row, unless there are too many. */
const insertKeyStatement = ({ keyHash, userId, email, purpose, expiresAt, now }: NewKey) =>
  writeStatement(
    sql`insert into email_keys (key_hash, user_id, email, purpose, expires_at) select ${keyHash}, ${userId}, ${email}, ${purpose}, ${expiresAt}
      where (select count(*) from email_keys where user_id = ${userId} and purpose = ${purpose} and expires_at > ${now}) < ${MAX_KEYS}
      returning 1`,
  )

/** Whether the key was stored: of each account there are `MAX_KEYS` at most. Throws `Throttled`. */
export async function createEmailKey(db: Db, key: NewKey, charged: readonly Charge[]): Promise<boolean> {
  const [rows] = await db.batch([insertKeyStatement(key), chargeStatement(charged, key.now)])
  return rows.length > 0
}

/** The active account that has given this address and not proved it. Reads 2 rows. Throws `Throttled`. */
export async function findUnproved(db: Db, email: string, charged: readonly Charge[], now: number) {
  const [, rows] = await db.batch([
    chargeStatement(charged, now),
    statement(
      build
        .select({ id: users.id, email: users.email })
        .from(users)
        .where(
          and(eq(users.emailKey, emailKey(email)), isNull(users.emailVerifiedAt), eq(users.isActive, true)),
        ),
    ),
  ])
  return rows[0]
}

/** Whether somebody else has proved the address, to which a mail is to go. Reads 2 rows. Throws `Throttled`. */
export async function isProvedByOther(
  db: Db,
  userId: number,
  email: string,
  charged: readonly Charge[],
  now: number,
): Promise<boolean> {
  const [, rows] = await db.batch([
    chargeStatement(charged, now),
    statement(
      build
        .select({ id: users.id })
        .from(users)
        .where(
          and(
            eq(users.emailKey, emailKey(email)),
            ne(users.id, userId),
            sql`${users.emailVerifiedAt} is not null`,
          ),
        ),
    ),
  ])
  return rows.length > 0
}

/** A key that is good, with the account as it is; undefined for any other. Reads 2 rows. */
export async function findEmailKey(db: Db, keyHash: string, now: number) {
  const [rows] = await db.batch([
    statement(
      build
        .select({
          userId: emailKeys.userId,
          newEmail: sql<string>`${emailKeys.email}`.as('newEmail'),
          purpose: emailKeys.purpose,
          oldEmail: sql<string>`${users.email}`.as('oldEmail'),
          emailVerifiedAt: users.emailVerifiedAt,
        })
        .from(emailKeys)
        .innerJoin(users, eq(users.id, emailKeys.userId))
        .where(and(eq(emailKeys.keyHash, keyHash), gte(emailKeys.expiresAt, now), eq(users.isActive, true))),
    ),
  ])
  return rows[0]
}
export type FoundKey = NonNullable<Awaited<ReturnType<typeof findEmailKey>>>

/**
 * Uses a key up: the account has the address, proved, and whoever has only given it has none any more. Links to choose a new password went to the
 * address before, and are worth nothing. A key that undoes a change ends all sessions and every newer key; an older one undoes an earlier
 * change, and is its owner's still if this one is a thief's. `undo` is stored where another address was proved before. False where another request was first; throws
 * `UniqueViolation` where somebody else has proved the address.
 */
export async function useEmailKey(
  db: Db,
  keyHash: string,
  { userId, newEmail, purpose }: FoundKey,
  { undo, now }: { undo: NewKey | undefined; now: number },
): Promise<boolean> {
  const key = emailKey(newEmail)
  const isThere = sql`exists (select 1 from email_keys where key_hash = ${keyHash} and user_id = ${userId})`
  const [, changed] = await db.batch([
    statement(
      build
        .update(users)
        .set({ email: '', emailKey: null })
        .where(and(eq(users.emailKey, key), ne(users.id, userId), isNull(users.emailVerifiedAt), isThere)),
    ),
    statement(
      build
        .update(users)
        .set({ email: newEmail, emailKey: key, emailVerifiedAt: now })
        .where(and(eq(users.id, userId), isThere))
        .returning({ id: users.id }),
    ),
    statement(build.delete(passwordResets).where(and(eq(passwordResets.userId, userId), isThere))),
    ...(undo ? [insertKeyStatement(undo)] : []),
    ...(purpose === 'undo'
      ? [revokeSessionsStatement(sql`case when ${isThere} then ${userId} end`, undefined, now)]
      : []),
    statement(
      build
        .delete(emailKeys)
        .where(
          and(
            eq(emailKeys.userId, userId),
            isThere,
            purpose === 'undo'
              ? or(
                  eq(emailKeys.purpose, 'prove'),
                  sql`${emailKeys.expiresAt} >= (select expires_at from email_keys where key_hash = ${keyHash})`,
                )
              : or(eq(emailKeys.keyHash, keyHash), eq(emailKeys.purpose, 'prove')),
          ),
        ),
    ),
  ])
  return changed.length > 0
}

/** Gives the account another address, which nobody has proved. Throws `UniqueViolation` where somebody else has it. */
export async function setUnprovedEmail(db: Db, userId: number, email: string): Promise<void> {
  await db.batch([
    statement(
      build
        .update(users)
        .set({ email, emailKey: emailKey(email), emailVerifiedAt: null })
        .where(eq(users.id, userId)),
    ),
    statement(
      build.delete(emailKeys).where(and(eq(emailKeys.userId, userId), eq(emailKeys.purpose, 'prove'))),
    ),
    // A link that went to the address before must not prove this one.
    statement(build.delete(passwordResets).where(eq(passwordResets.userId, userId))),
  ])
}

/**
 * Forgets that another address was asked for: whoever knew the password then may not be whoever has it now. The account's own address can still be
 * proved, and a change undone.
 */
export const forgetEmailChangesStatement = (userId: number | SQL) =>
  statement(
    build
      .delete(emailKeys)
      .where(
        and(
          eq(emailKeys.userId, userId),
          eq(emailKeys.purpose, 'prove'),
          sql`${emailKeys.email} <> (select email from users where id = ${emailKeys.userId})`,
        ),
      ),
  )

/** The statement that forgets those that have run out, so many of them. Gives one row for each. */
export const deleteExpiredEmailKeysStatement = (now: number, limit: number) =>
  statement(
    build
      .delete(emailKeys)
      .where(
        sql`rowid in (select rowid from email_keys where expires_at < ${now} order by expires_at limit ${limit})`,
      )
      .returning({ userId: emailKeys.userId }),
  )
