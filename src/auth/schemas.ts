/** Request and response bodies of `/dj-rest-auth`. */
import * as z from 'zod/mini'
import { email, optional, preparing, secret, text } from '../http/fields'
import { IGNORABLE } from '../http/visible'

/** For `body()`. Anybody may call these routes, and they only take short values: names, addresses, passwords, tokens. */
export const CREDENTIALS = { maxBytes: 8 * 1024 }

/** Any letter or digit of Unicode, and `@ . + - _`. */
const USERNAME = /^[\p{L}\p{N}@.+\-_]+$/u
export const INVALID_USERNAME =
  'Enter a valid username. This value may contain only letters, numbers, and @/./+/-/_ characters.'
const PASSWORD_MAX_CHARACTERS = 128

/** Refuses Hangul fillers: Unicode counts them as letters, but they are invisible, so a name with one would look like another user's. */
const isUsername = (name: string) => USERNAME.test(name) && !IGNORABLE.test(name)

/** Normalised to NFKC, so that full-width letters, ligatures and the like do not make a different name. */
const username = () =>
  preparing(
    (value) => (typeof value === 'string' ? value.normalize('NFKC') : value),
    text({ max: 150 }).check(z.refine((name) => isUsername(name) || name.includes('\0'), INVALID_USERNAME)),
  )

/** The `device_token` of an earlier answer. An invalid one is ignored. */
const deviceToken = () => z.optional(text({ max: 300, blank: true }))

export const loginBody = z
  .object({
    username: z.optional(text({ blank: true })),
    email: z.optional(text({ blank: true })),
    password: secret(),
    device_token: deviceToken(),
  })
  .register(z.globalRegistry, { id: 'LoginBody' })

export const registrationBody = z
  .object({
    username: username(),
    email: optional(email()),
    password1: secret(),
    password2: secret(),
    device_token: deviceToken(),
    'cf-turnstile-response': z.optional(text({ max: 2_048, blank: true })),
  })
  .register(z.globalRegistry, { id: 'RegistrationBody' })

export const refreshBody = z
  .object({ refresh: optional(text()) })
  .register(z.globalRegistry, { id: 'RefreshBody' })
export const verifyBody = z.object({ token: text() }).register(z.globalRegistry, { id: 'VerifyBody' })
export const verifyEmailBody = z.object({ key: text() }).register(z.globalRegistry, { id: 'VerifyEmailBody' })

export const resendEmailBody = z
  .object({ email: email() })
  .register(z.globalRegistry, { id: 'ResendEmailBody' })

export const userPut = z
  .object({
    username: username(),
    first_name: z.optional(text({ max: 150, blank: true })),
    last_name: z.optional(text({ max: 150, blank: true })),
    email: optional(email()),
    /** Required to change `email`. */
    password: optional(secret()),
  })
  .register(z.globalRegistry, { id: 'UserPut' })
export const userPatch = z.partial(userPut).register(z.globalRegistry, { id: 'UserPatch' })

export const passwordChangeBody = z
  .object({
    old_password: optional(secret()),
    new_password1: secret({ max: PASSWORD_MAX_CHARACTERS }),
    new_password2: secret({ max: PASSWORD_MAX_CHARACTERS }),
  })
  .register(z.globalRegistry, { id: 'PasswordChangeBody' })

export const deletionBody = z
  .object({ password: secret() })
  .register(z.globalRegistry, { id: 'DeletionBody' })

export const passwordResetBody = z
  .object({ email: email() })
  .register(z.globalRegistry, { id: 'PasswordResetBody' })

export const passwordResetConfirmBody = z
  .object({
    uid: text(),
    token: text(),
    new_password1: secret({ max: PASSWORD_MAX_CHARACTERS }),
    new_password2: secret({ max: PASSWORD_MAX_CHARACTERS }),
  })
  .register(z.globalRegistry, { id: 'PasswordResetConfirmBody' })

export const userAnswer = z
  .object({
    pk: z.int(),
    username: z.string(),
    email: z.string(),
    first_name: z.string(),
    last_name: z.string(),
    profile_id: z.int(),
    profile_image: z.url(),
    role: z.optional(z.string().check(z.describe('`moderator` or `admin`, for staff.'))),
    pending_email: z.optional(
      z.string().check(z.describe('The requested new address, which is not yet verified.')),
    ),
  })
  .register(z.globalRegistry, { id: 'User' })
export type UserAnswer = z.output<typeof userAnswer>

export const sessionAnswer = z
  .object({
    access_token: z.string(),
    refresh_token: z.string(),
    device_token: z.string(),
    user: userAnswer,
  })
  .register(z.globalRegistry, { id: 'Session' })

export const refreshAnswer = z
  .object({
    access: z.string(),
    access_token_expiration: z.iso.datetime(),
    refresh: z
      .optional(z.string())
      .check(
        z.describe(
          'A new refresh token of the same session, after half of the lifetime of the one sent, which also remains valid.',
        ),
      ),
  })
  .register(z.globalRegistry, { id: 'AccessToken' })
export const emptyAnswer = z.object({}).register(z.globalRegistry, { id: 'Empty' })

export const sessionListItem = z
  .object({
    id: z.string(),
    device: z.string().check(z.describe('A readable name: "Firefox on Linux".')),
    created: z.iso.datetime(),
    last_used: z.iso.datetime().check(z.describe('Accurate to about a minute.')),
    ends: z.iso.datetime().check(z.describe('When it ends if it is not used.')),
    is_current: z.boolean().check(z.describe('Whether this is the current session.')),
  })
  .register(z.globalRegistry, { id: 'SessionListItem' })
export type SessionListItem = z.output<typeof sessionListItem>
