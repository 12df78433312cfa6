/** Reads the configuration once per isolate. */
import { type Limits, readLimits } from '../limits/limits'
import type { Bindings } from './env'

export interface Config {
  /** The first signs; all verify. */
  jwtSecrets: [string, ...string[]]
  accessSeconds: number
  refreshSeconds: number
  clientOrigins: ReadonlySet<string>
  mediaUrl: string | undefined
  limits: Limits
}

/** The configuration cannot be worked with; the message says what to do and names no value. */
export class ConfigError extends Error {}

const SECRET_LENGTH = 32
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
  const accessSeconds = seconds('ACCESS_TOKEN_SECONDS', env.ACCESS_TOKEN_SECONDS, 300)
  return {
    jwtSecrets: [
      secret('JWT_SECRET', env.JWT_SECRET),
      ...(env.JWT_SECRET_PREVIOUS ? [secret('JWT_SECRET_PREVIOUS', env.JWT_SECRET_PREVIOUS)] : []),
    ],
    accessSeconds,
    refreshSeconds: seconds('REFRESH_TOKEN_SECONDS', env.REFRESH_TOKEN_SECONDS, 86_400),
    clientOrigins: new Set((env.CLIENT_ORIGINS ?? '').split(',').flatMap((origin) => origin.trim() || [])),
    mediaUrl: env.MEDIA_URL?.replace(/\/+$/, '') || undefined,
    limits: limits(env, accessSeconds),
  }
}

function limits(env: Bindings, accessSeconds: number): Limits {
  try {
    return readLimits({ variables: { ...env }, accessSeconds })
  } catch (error) {
    throw error instanceof RangeError ? new ConfigError(error.message) : error
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
