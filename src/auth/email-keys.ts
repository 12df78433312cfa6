/** Verifying that an address belongs to the user, by a link that is mailed and works once. */
import { randomId, sha256 } from '../crypto'
import type { Db } from '../db/client'
import { UniqueViolation } from '../db/errors'
import type { Charge } from '../db/rate-limits'
import { config } from '../http/config'
import type { RequestContext, UserContext } from '../http/env'
import { ApiError, ValidationError } from '../http/errors'
import { pageLink } from '../mail/links'
import { requireMail, sendMail } from '../mail/send'
import {
  createEmailKey,
  type FoundKey,
  findEmailKey,
  isProvedByOther,
  setUnprovedEmail,
  useEmailKey,
} from './email-queries'
import { requirePassword } from './own-password'
import type { Credentials } from './queries'
import { mailCharges } from './subjects'

const DAY_MS = 86_400_000
/** For how long an address can be verified, and a change of address undone. */
const PROVE_MS = DAY_MS
const UNDO_MS = 7 * DAY_MS

export const EMAIL_TAKEN = 'A user is already registered with this e-mail address.'

/** Mails a link that verifies the address; false if too many are pending. Throws `Throttled`. */
export async function mailProof(
  c: RequestContext,
  db: Db,
  { id, email }: { id: number; email: string },
  charged: readonly Charge[] = [],
): Promise<boolean> {
  const link = linkTo(c)
  const key = randomId()
  const now = Date.now()
  const keyHash = await sha256(key)
  const stored = { keyHash, userId: id, email, purpose: 'prove', expiresAt: now + PROVE_MS, now } as const
  const isStored = await createEmailKey(db, stored, charged)
  if (!isStored) return false
  sendMail(c, {
    to: email,
    subject: 'Confirm your e-mail address',
    text: `Somebody has given this address as theirs. If that was you, open this link within a day:\n\n${link(key)}\n\nIf it was not, ignore this mail: nothing happens.\n`,
  })
  return true
}

/** Like `mailProof`, but after the answer. A failure is logged; the user can request another mail. */
export const mailProofLater = (
  c: RequestContext,
  account: { id: number; email: string },
  charged?: readonly Charge[],
): void =>
  c.executionCtx.waitUntil(
    mailProof(c, c.var.db, account, charged).catch((error: unknown) => {
      console.error(
        JSON.stringify({ error: 'An address could not be asked to be proved.', why: String(error) }),
      )
    }),
  )

/** Builds the link for a key. Throws `ConfigError` if no front-end address is configured. */
function linkTo(c: RequestContext) {
  const page = pageLink(c, config(c.env).emailVerificationUrl, '/verify-email')
  return (key: string) => page({ key })
}

/**
 * Changes the address of a user who gives their password: after the new address is verified, or at once if the service does not verify addresses.
 * Returns the address that is to be verified, if any.
 */
export async function changeEmail(
  c: UserContext,
  account: Credentials,
  { email, password }: { email: string; password: string | undefined },
): Promise<string | undefined> {
  const { emailVerification, limits } = config(c.env)
  await requirePassword(account.passwordHash, password, limits.hashes)
  const { db } = c.var
  if (emailVerification === 'none') {
    await setUnprovedEmail(db, account.id, email).catch(refuseTaken)
    return undefined
  }
  requireMail(c)
  const charged = await mailCharges(c, email)
  if (await isProvedByOther(db, account.id, email, charged, Date.now()))
    throw new ValidationError({ email: [EMAIL_TAKEN] })
  if (!(await mailProof(c, db, { id: account.id, email })))
    throw new ApiError('throttled', { headers: { 'retry-after': '3600' } })
  return email
}

/** Uses up a key, and mails the previous address if it was verified. Throws `not_found` if the key is not valid, or no longer. */
export async function useKey(c: RequestContext, key: string): Promise<FoundKey> {
  const { db } = c.var
  const now = Date.now()
  const keyHash = await sha256(key)
  const found = await findEmailKey(db, keyHash, now)
  if (!found) throw new ApiError('not_found')
  const { userId, oldEmail, newEmail, purpose, emailVerifiedAt } = found
  const isTold = purpose === 'prove' && emailVerifiedAt !== null && oldEmail !== newEmail
  const undoKey = randomId()
  const undo = isTold
    ? ({
        keyHash: await sha256(undoKey),
        userId,
        email: oldEmail,
        purpose: 'undo',
        expiresAt: now + UNDO_MS,
        now,
      } as const)
    : undefined
  const link = isTold ? linkTo(c) : undefined
  if (!(await useEmailKey(db, keyHash, found, { undo, now }).catch(refuseTaken)))
    throw new ApiError('not_found')
  if (link)
    sendMail(c, {
      to: oldEmail,
      subject: 'Your e-mail address was changed',
      text: `Your account has another e-mail address from now on. If that was not you, open this link within 7 days: it brings this address back and signs out every device. Then choose a new password.\n\n${link(undoKey)}\n`,
    })
  return found
}

function refuseTaken(error: unknown): never {
  throw error instanceof UniqueViolation ? new ValidationError({ email: [EMAIL_TAKEN] }) : error
}
