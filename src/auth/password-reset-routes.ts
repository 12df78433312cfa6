/** `/dj-rest-auth/password/reset`: mails a link that works once, for an hour. */

import { randomId, sha256 } from '../crypto'
import { charges } from '../db/rate-limits'
import { detailAnswer } from '../http/answers'
import { body } from '../http/body'
import { config } from '../http/config'
import { describe } from '../http/describe'
import type { AppEnv } from '../http/env'
import { ValidationError } from '../http/errors'
import { Hono } from '../http/hono'
import { pageLink } from '../mail/links'
import { requireMail, sendMail } from '../mail/send'
import { checkNewPassword } from './new-password'
import { hashPassword } from './password'
import { createPasswordReset, findPasswordReset, usePasswordReset } from './password-reset-queries'
import { CREDENTIALS, passwordResetBody, passwordResetConfirmBody } from './schemas'
import { hashedAddress, mailCharges } from './subjects'

const LIFETIME_MS = 3_600_000

export const passwordResetRoutes = new Hono<AppEnv>()
  .post(
    '/',
    describe({
      id: 'requestPasswordReset',
      summary: 'Request a password reset mail',
      description: 'The answer is the same whether or not the address is known.',
      answers: { 200: detailAnswer },
    }),
    body(passwordResetBody, CREDENTIALS),
    async (c) => {
      requireMail(c)
      const link = pageLink(c, config(c.env).passwordResetUrl, '/password-reset')
      const token = randomId()
      const { email } = c.req.valid('json')
      const now = Date.now()
      const user = await createPasswordReset(c.var.db, email, {
        tokenHash: await sha256(token),
        expiresAt: now + LIFETIME_MS,
        charged: await mailCharges(c, email),
        now,
      })
      if (user)
        sendMail(c, {
          to: user.email,
          subject: 'Choose a new password',
          text: `To choose a new password, open this link within an hour:\n\n${link({ uid: user.id.toString(36), token })}\n\nIf you did not ask for this, ignore it: nothing has changed.\n`,
        })
      return c.json({ detail: 'Password reset e-mail has been sent.' })
    },
  )

  .post(
    '/confirm',
    describe({
      id: 'confirmPasswordReset',
      summary: 'Set a new password with the mailed link',
      answers: { 200: detailAnswer },
    }),
    body(passwordResetConfirmBody, CREDENTIALS),
    async (c) => {
      const { uid, token, new_password1, new_password2 } = c.req.valid('json')
      const { db } = c.var
      const userId = /^[0-9a-z]{1,10}$/.test(uid) ? Number.parseInt(uid, 36) : 0
      const tokenHash = await sha256(token)
      const { limits } = config(c.env)
      const address = await hashedAddress(c)
      const { user, tokenIsGood } = await findPasswordReset(db, {
        userId,
        tokenHash,
        charged: address === undefined ? [] : charges(limits, 'password_reset', address),
        now: Date.now(),
      })
      if (!user) throw new ValidationError({ uid: ['Invalid value'] })
      if (!tokenIsGood) throw new ValidationError({ token: ['Invalid value'] })
      await checkNewPassword(user, new_password1, new_password2)
      const passwordHash = await hashPassword(new_password1, limits.hashes)
      c.set('endedSessions', { userId, except: undefined })
      const used = await usePasswordReset(db, { userId, tokenHash, passwordHash, now: Date.now() })
      if (!used) throw new ValidationError({ token: ['Invalid value'] })
      return c.json({ detail: 'Password has been reset with the new password.' })
    },
  )
