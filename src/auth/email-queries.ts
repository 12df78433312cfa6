/** Verifying addresses, in D1: the hashes of mailed keys, each of which works once. */
import { and, eq, gte, isNull, ne, or, type SQL, sql } from 'drizzle-orm'
import type { Db } from '../db/client'
import { emailKey } from '../db/email'
import { type Charge, chargeStatement } from '../db/rate-limits'
import { emailKeys, passwordResets, users } from '../db/schema'
import { build, statement, writeStatement } from '../db/statements'
import { revokeSessionsStatement } from './session-queries'

/** The most pending keys of an account: each is a mail to somebody who may not have asked for it. */
const MAX_KEYS = 5

export type EmailPurpose = (typeof emailKeys.$inferSelect)['purpose']

interface NewKey {
  keyHash: string
  userId: number
  /** The address that the account gets when the key is used. */
  email: string
  purpose: EmailPurpose
  expiresAt: number
  now: number
}

/** Stores a key and returns a row, unless too many are pending. */
const insertKeyStatement = ({ keyHash, userId, email, purpose, expiresAt, now }: NewKey) =>
  writeStatement(
    sql`insert into email_keys (key_hash, user_id, email, purpose, expires_at) select ${keyHash}, ${userId}, ${email}, ${purpose}, ${expiresAt}
      where (select count(*) from email_keys where user_id = ${userId} and purpose = ${purpose} and expires_at > ${now}) < ${MAX_KEYS}
      returning 1`,
  )

/** False if the account already has `MAX_KEYS` pending keys. Throws `Throttled`. */
export async function createEmailKey(db: Db, key: NewKey, charged: readonly Charge[]): Promise<boolean> {
  const [rows] = await db.batch([insertKeyStatement(key), chargeStatement(charged, key.now)])
  return rows.length > 0
}

/** The active account that has claimed this address without verifying it. Reads 2 rows. Throws `Throttled`. */
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

/** Whether another account has verified this address, to which a mail is about to be sent. Reads 2 rows. Throws `Throttled`. */
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

/** A valid key with the current state of its account; undefined if the key is not valid. Reads 2 rows. */
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
 * Uses up a key: the account gets the address as verified, and accounts that had only claimed it lose it. Reset links become invalid, because they
 * were mailed to the previous address. A key that undoes a change ends all sessions and deletes every newer key. Older ones stay: they undo earlier
 * changes, and may be the owner's if this one is a thief's. `undo` is stored if another address was verified before. False if another request used
 * the key first; throws `UniqueViolation` if another account has verified the address.
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

/** Gives the account an unverified address. Throws `UniqueViolation` if another account has it. */
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
    // A reset link mailed to the previous address must not verify the new one.
    statement(build.delete(passwordResets).where(eq(passwordResets.userId, userId))),
  ])
}

/**
 * Deletes pending keys for another address, because their requester may not be the one who has the password now. Keys that verify the account's own
 * address, or undo a change, stay.
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

/** Deletes up to `limit` expired keys. Returns a row for each. */
export const deleteExpiredEmailKeysStatement = (now: number, limit: number) =>
  statement(
    build
      .delete(emailKeys)
      .where(
        sql`rowid in (select rowid from email_keys where expires_at < ${now} order by expires_at limit ${limit})`,
      )
      .returning({ userId: emailKeys.userId }),
  )
