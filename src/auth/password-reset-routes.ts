/** `/dj-rest-auth/password/reset`: a link by mail that can be used once, within an hour. */

import { type Context, Hono } from 'hono'
import { randomId, sha256 } from '../crypto'
import { emailKey } from '../db/email'
import { charges } from '../db/rate-limits'
import { detailAnswer } from '../http/answers'
import { body } from '../http/body'
import { config } from '../http/config'
import { describe } from '../http/describe'
import type { AppEnv } from '../http/env'
import { ValidationError } from '../http/errors'
import { checkNewPassword } from './new-password'
import { hashPassword } from './password'
import { createPasswordReset, findPasswordReset, usePasswordReset } from './password-reset-queries'
import { CREDENTIALS, passwordResetBody, passwordResetConfirmBody } from './schemas'
import { hashed, hashedAddress } from './subjects'

const LIFETIME_MS = 3_600_000
const LOCAL_HOSTS = new Set(['localhost', '127.0.0.1', '[::1]'])

export const passwordResetRoutes = new Hono<AppEnv>()
  .post(
    '/',
    describe({
      id: 'requestPasswordReset',
      summary: 'Ask for a password reset e-mail',
      description: 'The answer is the same whether or not the address is known.',
      answers: { 200: detailAnswer },
    }),
    body(passwordResetBody, CREDENTIALS),
    async (c) => {
      const token = randomId()
      const { email } = c.req.valid('json')
      const { limits } = config(c.env)
      const [address, recipient] = [await hashedAddress(c), await hashed(c, emailKey(email))]
      const now = Date.now()
      const user = await createPasswordReset(c.var.db, email, {
        tokenHash: await sha256(token),
        expiresAt: now + LIFETIME_MS,
        charged: [
          ...(address === undefined ? [] : charges(limits, 'mail_address', address)),
          ...charges(limits, 'mail_recipient', recipient),
        ],
        now,
      })
      // Not awaited: how long a mail takes would tell who has an account.
      if (user) c.executionCtx.waitUntil(sendLink(c, user, token))
      return c.json({ detail: 'Password reset e-mail has been sent.' })
    },
  )

  .post(
    '/confirm',
    describe({
      id: 'confirmPasswordReset',
      summary: 'Set a new password with what the e-mail said',
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

/** The front end's page with what `confirm` takes, where the page reads it: a router in the fragment (`#/reset`) sees only that. */
function resetLink(page: string, userId: number, token: string): URL {
  const link = new URL(page)
  const parameters = { uid: userId.toString(36), token }
  if (/^#!?\//.test(link.hash)) {
    const [route, query] = link.hash.split('?', 2)
    link.hash = `${route}?${new URLSearchParams({ ...Object.fromEntries(new URLSearchParams(query)), ...parameters })}`
  } else {
    for (const [name, value] of Object.entries(parameters)) link.searchParams.set(name, value)
  }
  return link
}

async function sendLink(
  c: Context<AppEnv>,
  user: { id: number; username: string; email: string },
  token: string,
): Promise<void> {
  const { SEND_EMAIL, MAIL_FROM } = c.env
  const { clientOrigins, passwordResetUrl } = config(c.env)
  const [origin = new URL(c.req.url).origin] = clientOrigins
  const link = resetLink(passwordResetUrl ?? `${origin}/password-reset`, user.id, token)
  if (SEND_EMAIL && MAIL_FROM) {
    const text = `Hello ${user.username},\n\nto choose a new password, open this link within an hour:\n\n${link.href}\n\nIf you did not ask for this, ignore it: nothing has changed.\n`
    await SEND_EMAIL.send({ from: MAIL_FROM, to: user.email, subject: 'Choose a new password', text }).catch(
      () => {
        console.error(
          JSON.stringify({ requestId: c.var.requestId, error: 'A password reset mail could not be sent.' }),
        )
      },
    )
  } else if (LOCAL_HOSTS.has(new URL(c.req.url).hostname)) {
    console.log(`Password reset link (development only): ${link.href}`)
  } else {
    console.error(
      JSON.stringify({ requestId: c.var.requestId, error: 'SEND_EMAIL or MAIL_FROM is not configured.' }),
    )
  }
}
