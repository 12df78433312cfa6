/** `/dj-rest-auth/registration`: proving an address. */

import { detailAnswer } from '../http/answers'
import { body } from '../http/body'
import { describe } from '../http/describe'
import type { AppEnv } from '../http/env'
import { Hono } from '../http/hono'
import { requireMail } from '../mail/send'
import { mailProofLater, useKey } from './email-keys'
import { findUnproved } from './email-queries'
import { CREDENTIALS, resendEmailBody, verifyEmailBody } from './schemas'
import { mailCharges } from './subjects'

export const emailRoutes = new Hono<AppEnv>()
  .post(
    '/verify-email',
    describe({
      id: 'verifyEmail',
      summary: 'Confirm an e-mail address',
      description:
        'With the key that was mailed, which is good once: to prove an address, or to undo its change.',
      answers: { 200: detailAnswer },
      errors: ['not_found'],
    }),
    body(verifyEmailBody, CREDENTIALS),
    async (c) => {
      const { purpose, userId } = await useKey(c, c.req.valid('json').key)
      if (purpose === 'undo') c.set('endedSessions', { userId, except: undefined })
      return c.json({ detail: 'ok' })
    },
  )

  .post(
    '/resend-email',
    describe({
      id: 'resendEmail',
      summary: 'Ask for another mail that confirms an e-mail address',
      description: 'The answer is the same whether or not the address is known, or proved.',
      answers: { 200: detailAnswer },
    }),
    body(resendEmailBody, CREDENTIALS),
    async (c) => {
      requireMail(c)
      const { email } = c.req.valid('json')
      const account = await findUnproved(c.var.db, email, await mailCharges(c, email), Date.now())
      // Not awaited: how long it takes would tell whose address it is.
      if (account) mailProofLater(c, account)
      return c.json({ detail: 'ok' })
    },
  )
