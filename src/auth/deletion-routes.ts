/** `DELETE /dj-rest-auth/user/` */

import { body } from '../http/body'
import { config } from '../http/config'
import { describe } from '../http/describe'
import type { AppEnv } from '../http/env'
import { ApiError } from '../http/errors'
import { Hono } from '../http/hono'
import { clearAccessCookie, clearRefreshCookie } from './cookies'
import { requireUser } from './credentials'
import { deleteAccount } from './deletion-queries'
import { requirePassword } from './own-password'
import { findCredentials } from './queries'
import { CREDENTIALS, deletionBody } from './schemas'
import { tellOfDeletion } from './security-mails'

export const deletionRoutes = new Hono<AppEnv>().delete(
  '/user',
  describe({
    id: 'deleteUser',
    summary: 'Delete the signed-in user',
    description:
      'Signs out everywhere and hides the account at once. For 14 days, unless configured otherwise, signing in restores it. After that it is erased.',
    answers: { 204: null },
  }),
  requireUser,
  body(deletionBody, CREDENTIALS),
  async (c) => {
    const { db, user } = c.var
    const { limits, graceMs } = config(c.env)
    const account = await findCredentials(db, user.id, limits, Date.now())
    if (!account) throw new ApiError('user_not_found')
    await requirePassword(account.passwordHash, c.req.valid('json').password, limits.hashes)
    const now = Date.now()
    const eraseAt = now + graceMs
    await deleteAccount(db, user.id, { now, eraseAt })
    c.set('endedSessions', { userId: user.id, except: undefined })
    clearAccessCookie(c)
    clearRefreshCookie(c)
    tellOfDeletion(c, account, eraseAt)
    return c.body(null, 204)
  },
)
