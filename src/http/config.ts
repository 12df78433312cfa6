/** Reads the configuration once per isolate. */
import type { Bindings } from './env'

export interface Config {
  /** The first signs; all verify. */
  jwtSecrets: [string, ...string[]]
  accessSeconds: number
  refreshSeconds: number
  sessionSeconds: number
  requireOldPassword: boolean
  clientOrigins: ReadonlySet<string>
  mediaUrl: string | undefined
}

/** The configuration cannot be worked with; the message says what to do and names no value. */
export class ConfigError extends Error {}

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

function read(env: Bindings): Config {
  return {
    jwtSecrets: [
      secret('JWT_SECRET', env.JWT_SECRET),
      ...(env.JWT_SECRET_PREVIOUS ? [secret('JWT_SECRET_PREVIOUS', env.JWT_SECRET_PREVIOUS)] : []),
    ],
    accessSeconds: seconds('ACCESS_TOKEN_SECONDS', env.ACCESS_TOKEN_SECONDS, 300),
    refreshSeconds: seconds('REFRESH_TOKEN_SECONDS', env.REFRESH_TOKEN_SECONDS, 30 * DAY_SECONDS),
    sessionSeconds: seconds('SESSION_SECONDS', env.SESSION_SECONDS, 365 * DAY_SECONDS),
    requireOldPassword: env.REQUIRE_OLD_PASSWORD === 'true',
    clientOrigins: new Set((env.CLIENT_ORIGINS ?? '').split(',').flatMap((origin) => origin.trim() || [])),
    mediaUrl: env.MEDIA_URL?.replace(/\/+$/, '') || undefined,
  }
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

function seconds(name: string, value: string | undefined, fallback: number): number {
  if (!value) return fallback
  const number = Number(value)
  if (!Number.isInteger(number) || number < 1)
    throw new ConfigError(`${name} must be a whole number of seconds.`)
  return number
}
