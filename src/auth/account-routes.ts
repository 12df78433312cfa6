/** `/dj-rest-auth` for signed-in users: their own account. */

import type * as z from 'zod/mini'
import { UniqueViolation } from '../db/errors'
import { detailAnswer } from '../http/answers'
import { body } from '../http/body'
import { config } from '../http/config'
import { describe } from '../http/describe'
import type { AppEnv, UserContext } from '../http/env'
import { ApiError, ValidationError } from '../http/errors'
import { Hono } from '../http/hono'
import { imageUrls } from '../images/url'
import { requireUser } from './credentials'
import { changeEmail } from './email-keys'
import { checkNewPassword } from './new-password'
import { hashPassword, verifyPassword } from './password'
import { changePassword, findAccount, findCredentials, updateAccount } from './queries'
import { USERNAME_TAKEN } from './registration'
import { CREDENTIALS, passwordChangeBody, userAnswer, userPatch, userPut } from './schemas'
import { tellOfNewPassword } from './security-mails'
import { accountView } from './view'

const EMAIL_CHANGE =
  'Another `email` wants the `password`, and is the account’s once it has been proved: it is in `pending_email` until then.'

export const accountRoutes = new Hono<AppEnv>()
  .get(
    '/user',
    describe({ id: 'getUser', summary: 'The signed-in user', answers: { 200: userAnswer } }),
    requireUser,
    async (c) => {
      const account = await findAccount(c.var.db, c.var.user.id)
      if (!account) throw new ApiError('user_not_found')
      return c.json(accountView(account, imageUrls(c)))
    },
  )

  .put(
    '/user',
    describe({
      id: 'replaceUser',
      summary: 'Change the signed-in user',
      description: EMAIL_CHANGE,
      answers: { 200: userAnswer },
    }),
    requireUser,
    body(userPut, CREDENTIALS),
    async (c) => c.json(await update(c, c.req.valid('json'))),
  )
  .patch(
    '/user',
    describe({
      id: 'updateUser',
      summary: 'Change some fields of the signed-in user',
      description: EMAIL_CHANGE,
      answers: { 200: userAnswer },
    }),
    requireUser,
    body(userPatch, CREDENTIALS),
    async (c) => c.json(await update(c, c.req.valid('json'))),
  )

  .post(
    '/password/change',
    describe({
      id: 'changePassword',
      summary: 'Change the password',
      description:
        'Ends all other sessions. `old_password` is required if the token names no session, or if the service is configured to require it.',
      answers: { 200: detailAnswer },
    }),
    requireUser,
    body(passwordChangeBody, CREDENTIALS),
    async (c) => {
      const { old_password, new_password1, new_password2 } = c.req.valid('json')
      const { db, user } = c.var
      const { limits, requireOldPassword } = config(c.env)
      const account = await findCredentials(db, user.id, limits, Date.now())
      if (!account) throw new ApiError('user_not_found')
      // A token without a session name stays valid until it expires, so its holder must prove that they know the password.
      if (old_password === undefined && (requireOldPassword || user.session === undefined))
        throw new ValidationError({ old_password: ['This field is required.'] })
      const verify = (password: string) => verifyPassword(account.passwordHash, password, limits.hashes)
      if (old_password !== undefined && !(await verify(old_password)).matches) {
        throw new ValidationError({
          old_password: ['Your old password was entered incorrectly. Please enter it again.'],
        })
      }
      await checkNewPassword(account, new_password1, new_password2)
      const passwordHash = await hashPassword(new_password1, limits.hashes)
      c.set('endedSessions', { userId: user.id, except: user.session })
      await changePassword(db, user.id, { passwordHash, session: user.session, now: Date.now() })
      tellOfNewPassword(c, account)
      return c.json({ detail: 'New password has been saved.' })
    },
  )

async function update(
  c: UserContext,
  { username, first_name: firstName, last_name: lastName, email, password }: z.output<typeof userPatch>,
) {
  const pending = email === undefined ? undefined : await askForEmail(c, email, password)
  try {
    const account = await updateAccount(
      c.var.db,
      c.var.user.id,
      { username, firstName, lastName },
      config(c.env).limits,
    )
    if (!account) throw new ApiError('user_not_found')
    return { ...accountView(account, imageUrls(c)), ...(pending !== undefined && { pending_email: pending }) }
  } catch (error) {
    if (error instanceof UniqueViolation) throw new ValidationError({ username: [USERNAME_TAKEN] })
    throw error
  }
}

/** Returns the address to verify first; undefined if it already is the account's address, however it is spelled. */
async function askForEmail(c: UserContext, email: string, password: string | undefined) {
  const limits = password === undefined ? undefined : config(c.env).limits
  const account = await findCredentials(c.var.db, c.var.user.id, limits, Date.now())
  if (!account) throw new ApiError('user_not_found')
  return email === account.email ? undefined : changeEmail(c, account, { email, password })
}
