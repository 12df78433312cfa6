/** `/dj-rest-auth/registration`: verifying an address. */

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
      summary: 'Verify an email address',
      description:
        'Takes the mailed key, which works once: it verifies an address, or undoes a change of address.',
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
      summary: 'Request another verification mail',
      description: 'The answer is the same whether or not the address is known or verified.',
      answers: { 200: detailAnswer },
    }),
    body(resendEmailBody, CREDENTIALS),
    async (c) => {
      requireMail(c)
      const { email } = c.req.valid('json')
      const account = await findUnproved(c.var.db, email, await mailCharges(c, email), Date.now())
      // Not awaited: the time it takes would reveal who has an account.
      if (account) mailProofLater(c, account)
      return c.json({ detail: 'ok' })
    },
  )
