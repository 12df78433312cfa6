/** Accounts in D1. */
import { and, eq, sql } from 'drizzle-orm'
import type { Db } from '../db/client'
import { passwordResets, users } from '../db/schema'
import { fold } from '../db/text'
import { insertSession, type NewSession, revokeSessions } from './sessions'

const account = {
  id: users.id,
  username: users.username,
  email: users.email,
  firstName: users.firstName,
  lastName: users.lastName,
  image: users.image,
}
/** The columns of `Credentials`. */
export const credentials = { ...account, passwordHash: users.passwordHash }

export interface Account {
  id: number
  username: string
  email: string
  firstName: string
  lastName: string
  image: string | null
}

export interface Credentials extends Account {
  passwordHash: string
}

/** Reads 1 row. */
export async function findAccount(db: Db, id: number): Promise<Account | undefined> {
  const [rows] = await db.batch([db.build.select(account).from(users).where(eq(users.id, id))])
  return rows[0]
}

export async function findCredentials(db: Db, id: number): Promise<Credentials | undefined> {
  const [rows] = await db.batch([db.build.select(credentials).from(users).where(eq(users.id, id))])
  return rows[0]
}

/** For logging in: an active user of exactly this name, case included. Reads 1 row. */
export async function findByUsername(db: Db, username: string): Promise<Credentials | undefined> {
  const [rows] = await db.batch([
    db.build
      .select(credentials)
      .from(users)
      .where(
        and(eq(users.usernameKey, fold(username)), eq(users.username, username), eq(users.isActive, true)),
      ),
  ])
  return rows[0]
}

/** Which of the two are in use already, by anyone. Reads at most 2 rows. */
export async function findTaken(db: Db, username: string | undefined, email: string | undefined) {
  const [byName, byEmail] = await db.batch([
    db.build
      .select({ id: users.id })
      .from(users)
      .where(eq(users.usernameKey, fold(username ?? ''))),
    db.build
      .select({ id: users.id })
      .from(users)
      .where(eq(users.emailKey, fold(email ?? ''))),
  ])
  return { username: byName.length > 0, email: byEmail.length > 0 }
}

interface NewUser {
  username: string
  email: string
  passwordHash: string
  session: NewSession
  userAgent: string
  refreshSeconds: number
  now: number
}

/** Makes the account with its profile and first session. Throws `UniqueViolation` where the name or address was taken meanwhile. */
export async function createUser(db: Db, user: NewUser): Promise<Account | undefined> {
  const { username, email, passwordHash, session, userAgent, refreshSeconds, now } = user
  const usernameKey = fold(username)
  const [rows] = await db.batch([
    db.build
      .insert(users)
      .values({
        username,
        usernameKey,
        email,
        emailKey: email === '' ? null : fold(email),
        passwordHash,
        createdAt: now,
        profileUpdatedAt: now,
      })
      .returning(account),
    insertSession(db, session, {
      userId: sql<number>`(select id from users where username_key = ${usernameKey})`,
      userAgent,
      seconds: refreshSeconds,
      now,
    }),
  ])
  return rows[0]
}

/** Starts a session and, if the hash was outdated, stores the new one. */
export async function startSession(
  db: Db,
  userId: number,
  options: {
    session: NewSession
    userAgent: string
    refreshSeconds: number
    now: number
    passwordHash: string | undefined
  },
): Promise<void> {
  const { session, userAgent, refreshSeconds, now, passwordHash } = options
  const insert = insertSession(db, session, { userId, userAgent, seconds: refreshSeconds, now })
  if (passwordHash === undefined) await db.batch([insert])
  else await db.batch([insert, db.build.update(users).set({ passwordHash }).where(eq(users.id, userId))])
}

/** Throws `UniqueViolation` where the name is somebody else's. */
export async function updateAccount(
  db: Db,
  id: number,
  changes: { username?: string | undefined; firstName?: string | undefined; lastName?: string | undefined },
): Promise<Account | undefined> {
  const { username, firstName, lastName } = changes
  const [rows] = await db.batch([
    db.build
      .update(users)
      .set({
        // drizzle leaves out what is undefined, and wants at least one column.
        id,
        ...(username !== undefined && { username, usernameKey: fold(username) }),
        firstName,
        lastName,
      })
      .where(eq(users.id, id))
      .returning(account),
  ])
  return rows[0]
}

/** Stores a new password, ends the other sessions and makes reset links useless. */
export async function changePassword(
  db: Db,
  id: number,
  { passwordHash, session, now }: { passwordHash: string; session: string | undefined; now: number },
): Promise<void> {
  await db.batch([
    db.build.update(users).set({ passwordHash }).where(eq(users.id, id)),
    revokeSessions(db, id, session, now),
    db.build.delete(passwordResets).where(eq(passwordResets.userId, id)),
  ])
}
