/** Request and response bodies of `/dj-rest-auth`. */
import * as z from 'zod'
import { email, optional, secret, text } from '../http/fields'
import { IGNORABLE } from '../http/visible'

/** For `body()`. Anybody may call these routes, and all that they take is short: names, addresses, passwords, tokens. */
export const CREDENTIALS = { maxBytes: 8 * 1024 }

/** Any letter or digit of Unicode, and `@ . + - _`. */
const USERNAME = /^[\p{L}\p{N}@.+\-_]+$/u
export const INVALID_USERNAME =
  'Enter a valid username. This value may contain only letters, numbers, and @/./+/-/_ characters.'
const PASSWORD_MAX_CHARACTERS = 128

/** A filler of Hangul is a letter to Unicode, and yet shows nothing: with it one could take a name that looks like another's. */
const isUsername = (name: string) => USERNAME.test(name) && !IGNORABLE.test(name)

const username = () =>
  text({ max: 150 }).refine((name) => isUsername(name) || name.includes('\0'), INVALID_USERNAME)

export const loginBody = z
  .object({
    username: text({ blank: true }).optional(),
    email: text({ blank: true }).optional(),
    password: secret(),
  })
  .meta({ id: 'LoginBody' })

export const registrationBody = z
  .object({
    username: username(),
    email: optional(email()),
    password1: secret(),
    password2: secret(),
  })
  .meta({ id: 'RegistrationBody' })

export const refreshBody = z.object({ refresh: optional(text()) }).meta({ id: 'RefreshBody' })
export const verifyBody = z.object({ token: text() }).meta({ id: 'VerifyBody' })
export const verifyEmailBody = z.object({ key: text() }).meta({ id: 'VerifyEmailBody' })

export const resendEmailBody = z.object({ email: email() }).meta({ id: 'ResendEmailBody' })

export const userPut = z
  .object({
    username: username(),
    first_name: text({ max: 150, blank: true }).optional(),
    last_name: text({ max: 150, blank: true }).optional(),
    email: optional(email()),
    /** For another `email`. */
    password: optional(secret()),
  })
  .meta({ id: 'UserPut' })
export const userPatch = userPut.partial().meta({ id: 'UserPatch' })

export const passwordChangeBody = z
  .object({
    old_password: optional(secret()),
    new_password1: secret({ max: PASSWORD_MAX_CHARACTERS }),
    new_password2: secret({ max: PASSWORD_MAX_CHARACTERS }),
  })
  .meta({ id: 'PasswordChangeBody' })

export const deletionBody = z.object({ password: secret() }).meta({ id: 'DeletionBody' })

export const passwordResetBody = z.object({ email: email() }).meta({ id: 'PasswordResetBody' })

export const passwordResetConfirmBody = z
  .object({
    uid: text(),
    token: text(),
    new_password1: secret({ max: PASSWORD_MAX_CHARACTERS }),
    new_password2: secret({ max: PASSWORD_MAX_CHARACTERS }),
  })
  .meta({ id: 'PasswordResetConfirmBody' })

export const userAnswer = z
  .object({
    pk: z.int(),
    username: z.string(),
    email: z.string(),
    first_name: z.string(),
    last_name: z.string(),
    profile_id: z.int(),
    profile_image: z.url(),
    pending_email: z
      .string()
      .optional()
      .describe('The address that was asked for, and has to be proved first.'),
  })
  .meta({ id: 'User' })
export type UserAnswer = z.output<typeof userAnswer>

export const sessionAnswer = z
  .object({
    access_token: z.string(),
    refresh_token: z.string(),
    user: userAnswer,
  })
  .meta({ id: 'Session' })

export const refreshAnswer = z
  .object({
    access: z.string(),
    access_token_expiration: z.iso.datetime(),
    refresh: z
      .string()
      .optional()
      .describe(
        'A fresh refresh token of the same session, once half the time of the one sent is over. That one stays good.',
      ),
  })
  .meta({ id: 'AccessToken' })
export const emptyAnswer = z.object({}).meta({ id: 'Empty' })

export const sessionListItem = z
  .object({
    id: z.string(),
    device: z.string().describe('As people say it: "Firefox on Linux".'),
    created: z.iso.datetime(),
    last_used: z.iso.datetime().describe('To the minute or so.'),
    ends: z.iso.datetime().describe('When it ends unless it is used.'),
    is_current: z.boolean().describe('Whether it is the one that asks.'),
  })
  .meta({ id: 'SessionListItem' })
export type SessionListItem = z.output<typeof sessionListItem>
