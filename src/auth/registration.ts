/** Registration: either reports all errors at once, or creates an account with its profile and a session. */
import * as z from 'zod/mini'
import type { Db } from '../db/client'
import { UniqueViolation } from '../db/errors'
import { type Charge, charges } from '../db/rate-limits'
import { type Config, config } from '../http/config'
import type { RequestContext } from '../http/env'
import { type FieldErrors, ValidationError } from '../http/errors'
import { deviceName } from './device-view'
import { EMAIL_TAKEN } from './email-keys'
import { hashPassword } from './password'
import { passwordProblems, similarTo } from './password-rules'
import { type Account, createUser, findTaken } from './queries'
import { registrationBody } from './schemas'
import { type IssuedToken, issueTokens, newSession } from './sessions'
import { hashedAddress } from './subjects'

const REGISTRATION_CLOSED = 'Registration is closed.'
const MAIL_BLOCKED = 'This e-mail address cannot be used here.'
export const USERNAME_TAKEN = 'A user with that username already exists.'

interface Registration {
  username: string
  email?: string | undefined
  password1: string
  password2: string
  userAgent: string
  /** The limits that the registration counts against. */
  charged: readonly Charge[]
}

/** Throws `ValidationError`, `Throttled`. Makes two D1 calls: one finds what is taken, one creates the account. */
export async function register(
  db: Db,
  settings: Config,
  { username, email = '', password1, password2, userAgent, charged }: Registration,
): Promise<{ account: Account; access: IssuedToken; refresh: IssuedToken }> {
  const errors = await takenErrors(db, username, email || undefined, charged)
  const problems = await passwordProblems(password1)
  if (problems.length > 0) errors.password1 = problems
  refuse(errors)
  if (password1 !== password2) refuse({ non_field_errors: ["The two password fields didn't match."] })
  const similar = similarTo(password1, { username, email, firstName: '', lastName: '' })
  if (similar) refuse({ non_field_errors: [similar] })

  const passwordHash = await hashPassword(password1, settings.limits.hashes)
  const session = await newSession(settings)
  try {
    const { jtiHash, seconds } = session
    const device = deviceName(userAgent)
    const user = { username, email, passwordHash, jtiHash, userAgent, device, seconds, now: Date.now() }
    const account = await createUser(db, user)
    if (!account) throw new Error('an insert returned no row')
    return { account, ...(await issueTokens(settings, session, account.id)) }
  } catch (error) {
    // Another request took the name or the address between the two calls.
    if (error instanceof UniqueViolation) refuse(await takenErrors(db, username, email || undefined, []))
    throw error
  }
}

/** The limits that a registration counts against, even a refused one, because its answer reveals which names are taken. */
export async function registrationCharges(c: RequestContext): Promise<Charge[]> {
  const address = await hashedAddress(c)
  return address === undefined ? [] : charges(config(c.env).limits, 'registration', address)
}

/** The fields that can be checked although others are invalid. */
const goodFields = z.partial(z.pick(registrationBody, { username: true, email: true, password1: true }))

/** For a body that is refused anyway: adds all other errors, so that the client gets them at once. */
export async function collectOtherErrors(
  c: RequestContext,
  fields: Record<string, unknown>,
  errors: FieldErrors,
): Promise<void> {
  const { username, email, password1 } =
    goodFields.safeParse({
      username: errors.username ? undefined : fields.username,
      email: errors.email ? undefined : fields.email,
      password1: errors.password1 ? undefined : fields.password1,
    }).data ?? {}
  if (username || email)
    Object.assign(errors, await takenErrors(c.var.db, username, email, await registrationCharges(c)))
  const problems = password1 === undefined ? [] : await passwordProblems(password1)
  if (problems.length > 0) errors.password1 = problems
}

async function takenErrors(
  db: Db,
  username: string | undefined,
  email: string | undefined,
  charged: readonly Charge[],
): Promise<FieldErrors> {
  const taken = await findTaken(db, username, email, charged)
  return {
    ...(taken.isClosed && { non_field_errors: [REGISTRATION_CLOSED] }),
    ...(email && taken.isMailBlocked && { email: [MAIL_BLOCKED] }),
    ...(username && taken.username && { username: [USERNAME_TAKEN] }),
    ...(email && taken.email && { email: [EMAIL_TAKEN] }),
  }
}

function refuse(errors: FieldErrors): void {
  if (Object.keys(errors).length > 0) throw new ValidationError(errors)
}
