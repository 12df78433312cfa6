/** Request and response bodies of `/dj-rest-auth`. */
import * as z from 'zod'
import { email, text } from '../http/fields'

/** Any letter or digit of Unicode, and `@ . + - _`. */
const USERNAME = /^[\p{L}\p{N}@.+\-_]+$/u
export const INVALID_USERNAME =
  'Enter a valid username. This value may contain only letters, numbers, and @/./+/-/_ characters.'
const PASSWORD_MAX = 128

const username = () =>
  text({ max: 150 }).refine((name) => USERNAME.test(name) || name.includes('\0'), INVALID_USERNAME)

export const loginBody = z.object({
  username: text({ blank: true }).optional(),
  email: text({ blank: true }).optional(),
  password: text(),
})

export const registrationBody = z.object({
  username: username(),
  email: email().optional(),
  password1: text(),
  password2: text(),
})

export const refreshBody = z.object({ refresh: text().optional() })
export const verifyBody = z.object({ token: text() })
export const verifyEmailBody = z.object({ key: text() })

export const userPut = z.object({
  username: username(),
  first_name: text({ max: 150, blank: true }).optional(),
  last_name: text({ max: 150, blank: true }).optional(),
})
export const userPatch = userPut.partial()

export const passwordChangeBody = z.object({
  old_password: text().optional(),
  new_password1: text({ max: PASSWORD_MAX }),
  new_password2: text({ max: PASSWORD_MAX }),
})

export const passwordResetBody = z.object({ email: email() })

export const passwordResetConfirmBody = z.object({
  uid: text(),
  token: text(),
  new_password1: text({ max: PASSWORD_MAX }),
  new_password2: text({ max: PASSWORD_MAX }),
})

export const userAnswer = z.object({
  pk: z.int(),
  username: z.string(),
  email: z.string(),
  first_name: z.string(),
  last_name: z.string(),
  profile_id: z.int(),
  profile_image: z.url(),
})
export type UserAnswer = z.output<typeof userAnswer>

export const sessionAnswer = z.object({
  access_token: z.string(),
  refresh_token: z.string(),
  user: userAnswer,
})

export const refreshAnswer = z.object({ access: z.string(), access_token_expiration: z.iso.datetime() })
export const detailAnswer = z.object({ detail: z.string() })
