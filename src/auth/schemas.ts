/** Request and response bodies of `/dj-rest-auth`. */
import * as z from 'zod'
import { email, optional, text } from '../http/fields'

/** Any letter or digit of Unicode, and `@ . + - _`. */
const USERNAME = /^[\p{L}\p{N}@.+\-_]+$/u
export const INVALID_USERNAME =
  'Enter a valid username. This value may contain only letters, numbers, and @/./+/-/_ characters.'
const PASSWORD_MAX_CHARACTERS = 128

const username = () =>
  text({ max: 150 }).refine((name) => USERNAME.test(name) || name.includes('\0'), INVALID_USERNAME)

/** What an answer called `device`; one that is no good is none. */
const device = () => text({ max: 300, blank: true }).optional()

export const loginBody = z
  .object({
    username: text({ blank: true }).optional(),
    email: text({ blank: true }).optional(),
    password: text(),
    device: device(),
  })
  .meta({ id: 'LoginBody' })

export const registrationBody = z
  .object({
    username: username(),
    email: optional(email()),
    password1: text(),
    password2: text(),
    device: device(),
    'cf-turnstile-response': text({ max: 2_048, blank: true }).optional(),
  })
  .meta({ id: 'RegistrationBody' })

export const refreshBody = z.object({ refresh: optional(text()) }).meta({ id: 'RefreshBody' })
export const verifyBody = z.object({ token: text() }).meta({ id: 'VerifyBody' })
export const verifyEmailBody = z.object({ key: text() }).meta({ id: 'VerifyEmailBody' })

export const userPut = z
  .object({
    username: username(),
    first_name: text({ max: 150, blank: true }).optional(),
    last_name: text({ max: 150, blank: true }).optional(),
  })
  .meta({ id: 'UserPut' })
export const userPatch = userPut.partial().meta({ id: 'UserPatch' })

export const passwordChangeBody = z
  .object({
    old_password: optional(text()),
    new_password1: text({ max: PASSWORD_MAX_CHARACTERS }),
    new_password2: text({ max: PASSWORD_MAX_CHARACTERS }),
  })
  .meta({ id: 'PasswordChangeBody' })

export const passwordResetBody = z.object({ email: email() }).meta({ id: 'PasswordResetBody' })

export const passwordResetConfirmBody = z
  .object({
    uid: text(),
    token: text(),
    new_password1: text({ max: PASSWORD_MAX_CHARACTERS }),
    new_password2: text({ max: PASSWORD_MAX_CHARACTERS }),
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
  })
  .meta({ id: 'User' })
export type UserAnswer = z.output<typeof userAnswer>

export const sessionAnswer = z
  .object({
    access_token: z.string(),
    refresh_token: z.string(),
    device: z.string(),
    user: userAnswer,
  })
  .meta({ id: 'Session' })

export const refreshAnswer = z
  .object({ access: z.string(), access_token_expiration: z.iso.datetime() })
  .meta({ id: 'AccessToken' })
export const emptyAnswer = z.object({}).meta({ id: 'Empty' })
