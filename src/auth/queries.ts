/** Accounts in D1. */
import { and, desc, eq, gt, inArray, or, sql } from 'drizzle-orm'
import { turnFirstPiece } from '../db/account-hidings'
import { activeUserStatement, type Db } from '../db/client'
import type { RowOf } from '../db/columns'
import { emailKey } from '../db/email'
import { skeleton } from '../db/look-alikes'
import { type Charge, chargeStatement, charges } from '../db/rate-limits'
import { heldUsernames, passwordResets, users } from '../db/schema'
import { build, statement } from '../db/statements'
import { fold, searchKey, usernameForms } from '../db/text'
import type { Limits } from '../limits/limits'
import { obstaclesStatement } from '../moderation/settings-queries'
import { restoreAccountStatement } from './deletion-queries'
import { forgetEmailChangesStatement } from './email-queries'
import { type Guess, guessStatements, requireTurn, takeBackStatements } from './guess-statements'
import {
  insertSessionStatement,
  limitSessionsStatement,
  revokeSessionsStatement,
  userAgentsStatement,
} from './session-queries'

const ACCOUNT = {
  id: users.id,
  username: users.username,
  email: users.email,
  firstName: users.firstName,
  lastName: users.lastName,
  role: users.role,
  image: users.image,
}
export type Account = RowOf<typeof ACCOUNT>

/** The account with the data that passwords are checked against. */
export const CREDENTIALS = {
  ...ACCOUNT,
  passwordHash: users.passwordHash,
  emailVerifiedAt: users.emailVerifiedAt,
}
export type Credentials = RowOf<typeof CREDENTIALS>

/** Reads 1 row. */
export async function findAccount(db: Db, id: number): Promise<Account | undefined> {
  const [rows] = await db.batch([statement(build.select(ACCOUNT).from(users).where(eq(users.id, id)))])
  return rows[0]
}

/** For changing the password: counts a guess of it. Reads 3 rows and writes 1. Throws `Throttled`. */
export async function findCredentials(
  db: Db,
  id: number,
  limits: Limits | undefined,
  now: number,
): Promise<Credentials | undefined> {
  const [, rows] = await db.batch([
    chargeStatement(limits ? charges(limits, 'password_change', id) : [], now),
    statement(build.select(CREDENTIALS).from(users).where(eq(users.id, id))),
  ])
  return rows[0]
}

/**
 * For logging in: counts a guess (`guess-statements.ts`). Returns the active user of this name, case-sensitive but in any of its Unicode forms, and
 * whether the device has signed in to that user's account (its id is in `accounts`). Throws `Throttled`.
 */
export async function findByUsername(
  db: Db,
  username: string,
  { accounts, ...guess }: Omit<Guess, 'device'> & { device: string; accounts: readonly number[] },
  limits: Limits,
  now: number,
): Promise<{ user: Credentials | undefined; isKnown: boolean }> {
  const forms = usernameForms(username)
  const isKnown = sql`exists (select 1 from users where id in (select value from json_each(${JSON.stringify(accounts)}))
    and username in (select value from json_each(${JSON.stringify(forms)})))`
  const counted = { ...guess, device: accounts.length > 0 ? { id: guess.device, isKnown } : undefined }
  const [rows, , turn] = await db.batch([
    statement(
      build
        .select(CREDENTIALS)
        .from(users)
        .where(
          and(
            inArray(users.usernameKey, forms.map(fold)),
            inArray(users.username, forms),
            eq(users.isActive, true),
          ),
        )
        // If several forms exist, prefer the one that was typed.
        .orderBy(desc(eq(users.username, username)))
        .limit(1),
    ),
    ...guessStatements(counted, limits, now),
  ])
  requireTurn(turn[0], limits, now)
  return { user: rows[0], isKnown: turn[0]?.isKnown === 1 }
}

/**
 * Which of the two is taken: the name if a user has the same or a look-alike name, or if it is reserved for its former owner. Also whether the
 * operator's settings refuse them. Reads a few rows. Throws `Throttled`.
 */
export async function findTaken(
  db: Db,
  username: string | undefined,
  email: string | undefined,
  charged: readonly Charge[],
) {
  const now = Date.now()
  const nameKey = fold(username ?? '')
  const look = skeleton(username ?? '')
  const mailKey = emailKey(email ?? '')
  const [, byName, held, byEmail, [obstacles]] = await db.batch([
    chargeStatement(charged, now),
    statement(
      build
        .select({ id: users.id })
        .from(users)
        .where(or(eq(users.usernameKey, nameKey), eq(users.usernameSkeleton, look))),
    ),
    statement(
      build
        .select({ key: heldUsernames.usernameKey })
        .from(heldUsernames)
        .where(and(inArray(heldUsernames.usernameKey, [nameKey, look]), gt(heldUsernames.until, now))),
    ),
    statement(build.select({ id: users.id }).from(users).where(eq(users.emailKey, mailKey))),
    obstaclesStatement(nameKey, [mailKey, mailKey.slice(mailKey.lastIndexOf('@') + 1)]),
  ])
  return {
    isClosed: obstacles?.isClosed === 1,
    username: byName.length + held.length > 0 || obstacles?.isReserved === 1,
    email: byEmail.length > 0,
    isMailBlocked: obstacles?.isMailBlocked === 1,
  }
}

interface NewUser {
  username: string
  email: string
  passwordHash: string
  /** Of the user's first session. */
  jtiHash: string
  userAgent: string
  device: string
  /** How many seconds that session lasts unless it is used. */
  seconds: number
  now: number
}

/** Creates the account with its profile and first session. Throws `UniqueViolation` if the name or address was taken in the meantime. */
export async function createUser(db: Db, user: NewUser): Promise<Account | undefined> {
  const { username, email, passwordHash, jtiHash, userAgent, device, seconds, now } = user
  const usernameKey = fold(username)
  const [rows] = await db.batch([
    statement(
      build
        .insert(users)
        .values({
          username,
          usernameKey,
          usernameSkeleton: skeleton(username),
          searchKey: searchKey(username),
          email,
          emailKey: email === '' ? null : emailKey(email),
          passwordHash,
          createdAt: now,
          profileUpdatedAt: now,
        })
        .returning(ACCOUNT),
    ),
    insertSessionStatement({
      jtiHash,
      userId: sql<number>`(select id from users where username_key = ${usernameKey})`,
      userAgent,
      device,
      seconds,
      now,
    }),
  ])
  return rows[0]
}

/**
 * Stores a session, and the password's new hash if the old one used outdated parameters. Returns the user agents of the user's earlier sessions.
 * Signing in to a deleted account restores it; if it is already being erased, throws `UserNotFound`.
 */
export async function startSession(
  db: Db,
  userId: number,
  options: {
    jtiHash: string
    userAgent: string
    device: string
    seconds: number
    now: number
    passwordHash: string | undefined
    /** The guess to take back, if any. */
    guess: Guess | undefined
    limits: Limits
  },
): Promise<string[]> {
  const { jtiHash, userAgent, device, seconds, now, passwordHash, guess, limits } = options
  const [restored, , known] = await db.batch([
    restoreAccountStatement(userId, now),
    activeUserStatement({ userId }),
    userAgentsStatement(userId),
    insertSessionStatement({ jtiHash, userId, userAgent, device, seconds, now }),
    limitSessionsStatement(userId),
    ...(guess === undefined ? [] : takeBackStatements(guess, limits, now)),
    ...(passwordHash === undefined ? [] : [setPasswordStatement(userId, passwordHash)]),
  ])
  // The login has succeeded; the scheduled job does whatever fails here.
  if (restored.length > 0) await turnFirstPiece(db, userId).catch(() => undefined)
  return known.map(({ userAgent }) => userAgent)
}

/** Throws `Throttled`, and `UniqueViolation` if another user has the name or it is reserved for them. A rename writes 2 more rows. */
export async function updateAccount(
  db: Db,
  id: number,
  changes: { username?: string | undefined; firstName?: string | undefined; lastName?: string | undefined },
  limits: Limits,
): Promise<Account | undefined> {
  const { username, firstName, lastName } = changes
  const isRenamed = sql`exists (select 1 from users where id = ${id} and username_key <> ${fold(username ?? '')})`
  const [, rows] = await db.batch([
    chargeStatement(username === undefined ? [] : charges(limits, 'renames', id), Date.now(), isRenamed),
    statement(
      build
        .update(users)
        .set({
          // drizzle omits undefined values and needs at least one column. It must not be the id: SQLite would check every row that references it.
          username: sql`${users.username}`,
          ...(username !== undefined && {
            username,
            usernameKey: fold(username),
            usernameSkeleton: skeleton(username),
            searchKey: searchKey(username),
          }),
          firstName,
          lastName,
        })
        .where(eq(users.id, id))
        .returning(ACCOUNT),
    ),
  ])
  return rows[0]
}

/** Stores a new password, ends the other sessions, and invalidates reset links and pending address changes. */
export async function changePassword(
  db: Db,
  id: number,
  { passwordHash, session, now }: { passwordHash: string; session: string | undefined; now: number },
): Promise<void> {
  await db.batch([
    setPasswordStatement(id, passwordHash),
    revokeSessionsStatement(id, session, now),
    forgetEmailChangesStatement(id),
    statement(build.delete(passwordResets).where(eq(passwordResets.userId, id))),
  ])
}

const setPasswordStatement = (userId: number, passwordHash: string) =>
  statement(build.update(users).set({ passwordHash }).where(eq(users.id, userId)))
