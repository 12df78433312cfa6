/** `/dj-rest-auth` without signing in. Credentials that a route does not need are ignored, even bad ones. */

import { isSignedOut } from '../db/errors'
import { sessionName, sessionOf } from '../db/session-names'
import { fold } from '../db/text'
import { detailAnswer } from '../http/answers'
import { body } from '../http/body'
import { config } from '../http/config'
import { describe } from '../http/describe'
import type { AppEnv } from '../http/env'
import { ApiError, ValidationError } from '../http/errors'
import { Hono } from '../http/hono'
import { refuseForeignOrigin } from '../http/origins'
import { imageUrls } from '../images/url'
import { mayMail, requireMail } from '../mail/send'
import { CHALLENGE_FIELD, requireChallenge } from './challenge'
import {
  accessCookie,
  clearAccessCookie,
  clearRefreshCookie,
  REFRESH_COOKIE,
  refreshCookie,
  setAccessCookie,
  setRefreshCookie,
} from './cookies'
import { bearerToken } from './credentials'
import { deviceOf, deviceToken, mayBeKnown, setDeviceCookie } from './device'
import { deviceName } from './device-view'
import { isVerifiable } from './django-hash'
import { mailProofLater } from './email-keys'
import { hashPassword, verifyPassword } from './password'
import { findByUsername, startSession } from './queries'
import { collectOtherErrors, register, registrationCharges } from './registration'
import {
  CREDENTIALS,
  emptyAnswer,
  loginBody,
  refreshAnswer,
  refreshBody,
  registrationBody,
  sessionAnswer,
  verifyBody,
} from './schemas'
import { tellOfNewDevice } from './security-mails'
import { revokeSessionStatement } from './session-queries'
import { isGood, issueTokens, newSession, refreshAccess, sessionHash } from './sessions'
import { hashed, hashedAddress, proofCharges } from './subjects'
import { suspensionErrors } from './suspended'
import { readToken } from './tokens'
import { accountView } from './view'

const WRONG_CREDENTIALS = { non_field_errors: ['Unable to log in with provided credentials.'] }
/** For imported accounts. It reveals that the account exists, which is no secret: names are public. */
const NEEDS_RESET = { non_field_errors: ['Your password was not carried over. Please reset it to log in.'] }

export const authRoutes = new Hono<AppEnv>()
  .post(
    '/login',
    describe({
      id: 'login',
      summary: 'Sign in',
      description:
        'Returns both tokens and sets both cookies. `device_token`, returned here and by registration, identifies a device that has signed in before, so that other people’s wrong guesses do not lock it out. Browsers send it as a cookie. Suspended users get 400 with the end of the suspension and a `notices_token`, which for an hour is a Bearer token for `/moderation/notices/` only.',
      answers: { 200: sessionAnswer },
    }),
    body(loginBody, CREDENTIALS),
    async (c) => {
      const { username, password, device_token: deviceTokenField } = c.req.valid('json')
      if (!username)
        throw new ValidationError({ non_field_errors: ['Must include "username" and "password".'] })
      const { db } = c.var
      const settings = config(c.env)
      const { limits } = settings
      const device = await deviceOf(c, deviceTokenField)
      const guess = {
        account: await hashed(c, fold(username.normalize('NFKC'))),
        address: await hashedAddress(c),
      }
      const accounts = mayBeKnown(device, guess.address, limits)
        ? device.marks.map(({ account }) => account)
        : []
      const known = { ...guess, device: device.id, accounts }
      const { user, isKnown } = await findByUsername(db, username, known, limits, Date.now())
      if (user && !isVerifiable(user.passwordHash)) throw new ValidationError(NEEDS_RESET)
      const { matches, outdated } = await verifyPassword(user?.passwordHash, password, limits.hashes, isKnown)
      if (!user || !matches) {
        throw new ValidationError(WRONG_CREDENTIALS)
      }
      if (settings.emailVerification === 'mandatory' && user.email !== '' && user.emailVerifiedAt === null)
        throw new ValidationError({ non_field_errors: ['E-mail is not verified.'] })
      const session = await newSession(settings)
      const userAgent = c.req.header('user-agent') ?? ''
      const agents = await startSession(db, user.id, {
        jtiHash: session.jtiHash,
        userAgent,
        device: deviceName(userAgent),
        seconds: session.seconds,
        now: Date.now(),
        passwordHash: outdated ? await hashPassword(password, limits.hashes) : undefined,
        guess: isKnown ? undefined : guess,
        limits,
      }).catch(async (error: unknown) => {
        if (!isSignedOut(error)) throw error
        throw new ValidationError((await suspensionErrors(c, user.id)) ?? WRONG_CREDENTIALS)
      })
      const { access, refresh } = await issueTokens(settings, session, user.id)
      setAccessCookie(c, access)
      setRefreshCookie(c, refresh)
      const token = await deviceToken(c, device, user.id)
      setDeviceCookie(c, token)
      tellOfNewDevice(c, user, { userAgent, known: agents })
      return c.json({
        access_token: access.token,
        refresh_token: refresh.token,
        device_token: token,
        user: accountView(user, imageUrls(c)),
      })
    },
  )

  .post(
    '/logout',
    describe({
      id: 'logout',
      summary: 'Sign out',
      description:
        'Ends the session of any credentials sent, and clears both cookies. Does not require being signed in.',
      answers: { 200: detailAnswer },
      errors: ['permission_denied'],
    }),
    async (c) => {
      const access = accessCookie(c)
      const refresh = refreshCookie(c)
      const header = c.req.header('authorization')
      if (header === undefined && (access ?? refresh) !== undefined) refuseForeignOrigin(c)
      const { jwtSecrets } = config(c.env)
      for (const token of [header && quietly(() => bearerToken(header)), access, refresh]) {
        const claims = token ? await readToken(jwtSecrets, token) : undefined
        if (claims?.user_id === undefined) continue
        const session =
          claims.token_type === 'refresh' ? sessionName(await sessionHash(claims.jti)) : sessionOf(claims.jti)
        if (session === undefined) continue
        c.set('endedSessions', { userId: claims.user_id, session })
        const [ended] = await c.var.db.batch([revokeSessionStatement(claims.user_id, session, Date.now())])
        // If the session had ended before, its sockets are not closed again: a holder of its token must not be able to cause that work.
        if (ended.length === 0) c.set('endedSessions', undefined)
        break
      }
      clearAccessCookie(c)
      clearRefreshCookie(c)
      return c.json({ detail: 'Successfully logged out.' })
    },
  )

  .post(
    '/registration',
    describe({
      id: 'register',
      summary: 'Create an account',
      description:
        'Also creates the profile. If the service uses Cloudflare Turnstile, send the response to its challenge. If email addresses must be verified before signing in, the answer has no tokens, and a verification mail is sent.',
      answers: { 201: [sessionAnswer, detailAnswer] },
    }),
    body(registrationBody, { ...CREDENTIALS, before: collectOtherErrors }),
    async (c) => {
      const { [CHALLENGE_FIELD]: challenge, device_token: deviceTokenField, ...fields } = c.req.valid('json')
      const settings = config(c.env)
      const { emailVerification } = settings
      const isMandatory = emailVerification === 'mandatory'
      if (isMandatory) {
        requireMail(c)
        if (!fields.email) throw new ValidationError({ email: ['This field is required.'] })
      }
      await requireChallenge(c, challenge)
      const { account, access, refresh } = await register(c.var.db, settings, {
        ...fields,
        userAgent: c.req.header('user-agent') ?? '',
        charged: await registrationCharges(c),
      })
      if (account.email !== '' && emailVerification !== 'none' && mayMail(c))
        mailProofLater(c, account, await proofCharges(c, account.email))
      if (isMandatory) return c.json({ detail: 'Verification e-mail sent.' }, 201)
      const device = await deviceOf(c, deviceTokenField)
      return c.json(
        {
          access_token: access.token,
          refresh_token: refresh.token,
          device_token: await deviceToken(c, device, account.id),
          user: accountView(account, imageUrls(c)),
        },
        201,
      )
    },
  )

  .post(
    '/token/refresh',
    describe({
      id: 'refreshToken',
      summary: 'Get a new access token',
      description: `Uses the refresh token in the body, or else the cookie \`${REFRESH_COOKIE}\`, and sets the access cookie. After half of the refresh token’s lifetime, also returns a new one and sets its cookie.`,
      answers: { 200: refreshAnswer },
      errors: ['token_not_valid', 'permission_denied'],
    }),
    body(refreshBody, CREDENTIALS),
    async (c) => {
      const { refresh } = c.req.valid('json')
      if (refresh === undefined) refuseForeignOrigin(c)
      const token = refresh ?? refreshCookie(c)
      if (token === undefined)
        throw new ApiError('token_not_valid', { detail: 'No valid refresh token found.' })
      const settings = config(c.env)
      const refreshed = await refreshAccess(c.var.db, settings, token)
      if (!refreshed.ok) {
        if (refresh === undefined) clearRefreshCookie(c)
        throw new ApiError('token_not_valid', refreshed.why === undefined ? {} : { detail: refreshed.why })
      }
      const { access, refresh: fresh } = refreshed
      setAccessCookie(c, access)
      if (fresh) setRefreshCookie(c, fresh)
      const expires = new Date(Date.now() + access.seconds * 1000)
      return c.json({
        access: access.token,
        access_token_expiration: expires.toISOString(),
        ...(fresh && { refresh: fresh.token }),
      })
    },
  )

  .post(
    '/token/verify',
    describe({
      id: 'verifyToken',
      summary: 'Check a token',
      description: 'Tokens of ended sessions, and of deleted or inactive users, are invalid.',
      answers: { 200: emptyAnswer },
      errors: ['token_not_valid'],
    }),
    body(verifyBody, CREDENTIALS),
    async (c) => {
      if (!(await isGood(c.var.db, config(c.env).jwtSecrets, c.req.valid('json').token)))
        throw new ApiError('token_not_valid')
      return c.json({})
    },
  )

/** Logging out must work with whatever credentials are left, so a malformed one is ignored. */
function quietly<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}
