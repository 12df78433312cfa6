/** Mails that tell users about security events of their account. Only sent if mail is configured, and only to verified addresses. */
import type { RequestContext } from '../http/env'
import { canSendMail, sendMail } from '../mail/send'
import { deviceName } from './device-view'

interface Addressee {
  email: string
  /** When the user verified the address; null if they have not. */
  emailVerifiedAt: number | null
}

const ADVICE = 'If that was not you, choose a new password at once: it signs out every other device.\n'

/** Tells about a sign-in, unless the user has signed in from such a device before. */
export function tellOfNewDevice(
  c: RequestContext,
  user: Addressee,
  { userAgent, known }: { userAgent: string; known: readonly string[] },
): void {
  const device = deviceName(userAgent)
  if (known.some((before) => deviceName(before) === device)) return
  tell(c, user, 'New sign-in', `Somebody has signed in to your account: ${device}, ${time()}.\n\n${ADVICE}`)
}

/** Tells that the password was changed. */
export const tellOfNewPassword = (c: RequestContext, user: Addressee): void =>
  tell(
    c,
    user,
    'Your password was changed',
    `The password of your account was changed, ${time()}.\n\n${ADVICE}`,
  )

/** Tells that the account was deleted, and until when it can be restored. */
export const tellOfDeletion = (c: RequestContext, user: Addressee, eraseAt: number): void =>
  tell(
    c,
    user,
    'Your account was deleted',
    `Your account was deleted, ${time()}. If you sign in by ${time(eraseAt)}, you have it back; after that all that is in it is erased.\n\n${ADVICE}`,
  )

function tell(c: RequestContext, { email, emailVerifiedAt }: Addressee, subject: string, text: string): void {
  if (canSendMail(c) && emailVerifiedAt !== null) sendMail(c, { to: email, subject, text })
}

/** `2026-11-25 11:30 UTC` */
const time = (at = Date.now()) => `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`
