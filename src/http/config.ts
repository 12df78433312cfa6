/** Reads the configuration once per isolate. */
import { type Limits, readLimits } from '../limits/limits'
import type { Bindings } from './env'

export interface Config {
  /** The first signs; all verify. */
  jwtSecrets: [string, ...string[]]
  accessSeconds: number
  refreshSeconds: number
  sessionSeconds: number
  requireOldPassword: boolean
  /** How long a deleted account can be restored. */
  graceMs: number
  emailVerification: (typeof EMAIL_VERIFICATION)[number]
  /** The front end's page that verifies an email address. */
  emailVerificationUrl: string | undefined
  clientOrigins: ReadonlySet<string>
  mediaUrl: string | undefined
  /** The public origin, if it differs from the one in incoming requests. */
  publicOrigin: string | undefined
  /** The front end's page for a new password. */
  passwordResetUrl: string | undefined
  limits: Limits
}

/** The configuration is invalid; the message says what to do and contains no values. */
export class ConfigError extends Error {}

const EMAIL_VERIFICATION = ['optional', 'none', 'mandatory'] as const
const SECRET_LENGTH = 32
const DAY_SECONDS = 86_400
const known = new WeakMap<Bindings, Config>()

/** Throws `ConfigError`. */
export function config(env: Bindings): Config {
  let found = known.get(env)
  if (!found) {
    found = read(env)
    known.set(env, found)
  }
  return found
}

/** What wrangler.toml binds. */
const BOUND = ['DB', 'MEDIA', 'CONVERSATION', 'CHANNEL', 'ASSETS'] as const

function read(env: Bindings): Config {
  for (const name of BOUND) if (!env[name]) throw new ConfigError(`${name} is not bound: see wrangler.toml.`)
  const accessSeconds = seconds('ACCESS_TOKEN_SECONDS', env.ACCESS_TOKEN_SECONDS, 300)
  return {
    jwtSecrets: [
      secret('JWT_SECRET', env.JWT_SECRET),
      ...(env.JWT_SECRET_PREVIOUS ? [secret('JWT_SECRET_PREVIOUS', env.JWT_SECRET_PREVIOUS)] : []),
    ],
    accessSeconds,
    refreshSeconds: seconds('REFRESH_TOKEN_SECONDS', env.REFRESH_TOKEN_SECONDS, 30 * DAY_SECONDS),
    sessionSeconds: seconds('SESSION_SECONDS', env.SESSION_SECONDS, 365 * DAY_SECONDS),
    requireOldPassword: env.REQUIRE_OLD_PASSWORD === 'true',
    graceMs: wholeNumber('ACCOUNT_GRACE_DAYS', env.ACCOUNT_GRACE_DAYS, 14, 'days') * DAY_SECONDS * 1000,
    emailVerification: choice('EMAIL_VERIFICATION', env.EMAIL_VERIFICATION, EMAIL_VERIFICATION),
    emailVerificationUrl: env.EMAIL_VERIFICATION_URL
      ? httpUrl('EMAIL_VERIFICATION_URL', env.EMAIL_VERIFICATION_URL).href
      : undefined,
    clientOrigins: new Set(
      (env.CLIENT_ORIGINS ?? '')
        .split(',')
        .filter((value) => value.trim() !== '')
        .map((value) => origin('CLIENT_ORIGINS', value)),
    ),
    mediaUrl: env.MEDIA_URL ? httpUrl('MEDIA_URL', env.MEDIA_URL).href.replace(/\/+$/, '') : undefined,
    publicOrigin: env.PUBLIC_URL ? origin('PUBLIC_URL', env.PUBLIC_URL) : undefined,
    passwordResetUrl: env.PASSWORD_RESET_URL
      ? httpUrl('PASSWORD_RESET_URL', env.PASSWORD_RESET_URL).href
      : undefined,
    limits: limits(env, accessSeconds),
  }
}

function limits(env: Bindings, accessSeconds: number): Limits {
  try {
    return readLimits(env.LIMITS ?? '', accessSeconds)
  } catch (error) {
    throw error instanceof RangeError ? new ConfigError(error.message) : error
  }
}

/** As browsers write it in `Origin`: in lower case, without the port that the scheme implies, and without a slash. */
function origin(name: string, value: string): string {
  const url = httpUrl(name, value)
  const isMore = url.pathname !== '/' || url.search || url.hash || url.username || url.password
  // The parser accepts a star as a host name, which would never match.
  if (isMore || url.hostname.includes('*'))
    throw new ConfigError(
      `${name}: an origin is a scheme, a host and perhaps a port, such as https://app.example.com.`,
    )
  return url.origin
}

function httpUrl(name: string, value: string): URL {
  const text = value.trim()
  // Without the slashes the parser would take a host and port for a scheme and a path.
  const url = /^https?:\/\//i.test(text) && URL.canParse(text) ? new URL(text) : undefined
  if (!url) throw new ConfigError(`${name} needs whole URLs: with https://, or http:// on a laptop.`)
  return url
}

function secret(name: string, value: string | undefined): string {
  if (!value)
    throw new ConfigError(
      `${name} is not set: run \`wrangler secret put ${name}\`, or put it into .dev.vars.`,
    )
  if (value.length < SECRET_LENGTH)
    throw new ConfigError(`${name} must have at least ${SECRET_LENGTH} characters.`)
  return value
}

/** The first is the default. */
function choice<Choice extends string>(
  name: string,
  value: string | undefined,
  choices: readonly [Choice, ...Choice[]],
): Choice {
  const found = value ? choices.find((one) => one === value) : choices[0]
  if (!found) throw new ConfigError(`${name} must be one of ${choices.join(', ')}.`)
  return found
}

const seconds = (name: string, value: string | undefined, fallback: number): number =>
  wholeNumber(name, value, fallback, 'seconds')

function wholeNumber(name: string, value: string | undefined, fallback: number, unit: string): number {
  if (!value) return fallback
  const number = Number(value)
  if (!Number.isInteger(number) || number < 1)
    throw new ConfigError(`${name} must be a whole number of ${unit}.`)
  return number
}
