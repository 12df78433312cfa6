/** Cloudflare Turnstile: a challenge before registration, if the service has a secret for it. */
import { Unavailable } from '../db/errors'
import type { RequestContext } from '../http/env'
import { ValidationError } from '../http/errors'

const VERIFY_URL = 'https://challenges.cloudflare.com/turnstile/v0/siteverify'
const TIMEOUT_MS = 5_000
/** The name that Turnstile's widget gives its form field. */
export const CHALLENGE_FIELD = 'cf-turnstile-response'

/** Throws `ValidationError` unless the challenge was passed, `Unavailable` if Turnstile cannot be asked. */
export async function requireChallenge(c: RequestContext, answer: string | undefined): Promise<void> {
  const { TURNSTILE_SECRET: secret } = c.env
  if (!secret) return
  if (!answer) throw new ValidationError({ [CHALLENGE_FIELD]: ['This field is required.'] })
  const address = c.req.header('cf-connecting-ip')
  const body = new URLSearchParams({ secret, response: answer, ...(address && { remoteip: address }) })
  const verdict = await fetch(VERIFY_URL, { method: 'POST', body, signal: AbortSignal.timeout(TIMEOUT_MS) })
    .then((response) => response.json<{ success?: unknown }>())
    .catch(() => {
      throw new Unavailable('turnstile')
    })
  if (verdict.success !== true)
    throw new ValidationError({ [CHALLENGE_FIELD]: ['The challenge was not passed. Please try again.'] })
}
