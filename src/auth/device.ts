/**
 * Devices that have signed in before. A device is a random name with a signature for each account that it has signed in to, the newest five:
 * it opens nothing, but its guesses of these accounts' passwords are counted by themselves, so that nobody else can use them up.
 */
import type { Context } from 'hono'
import { getCookie } from 'hono/cookie'
import { randomId } from '../crypto'
import { fold } from '../db/text'
import { config } from '../http/config'
import type { AppEnv } from '../http/env'
import { setCookie } from './cookies'

const COOKIE = 'device'
const MAX_ACCOUNTS = 5
const LIFETIME_SECONDS = 365 * 86_400
const PATTERN = /^[0-9a-f]{32}(\.[\w-]{22}){1,5}$/
const encoder = new TextEncoder()

export interface Device {
  id: string
  /** Whether it has signed in to this account. */
  isKnown: boolean
  /** Its token once it has signed in to it now. */
  token: string
}

/** The device that a request comes from, by the body's field, else by the cookie; a new one where neither is good. */
export async function deviceOf(
  c: Context<AppEnv>,
  username: string,
  field: string | undefined,
): Promise<Device> {
  const given = field ?? getCookie(c, COOKIE) ?? ''
  const [id = '', ...known] = PATTERN.test(given) ? given.split('.') : [randomId()]
  const { jwtSecrets } = config(c.env)
  const marks = await Promise.all(
    jwtSecrets.map((secret) => signature(secret, `${id}:${fold(username.normalize('NFKC'))}`)),
  )
  const newest = [...known.filter((mark) => !marks.includes(mark)), ...marks.slice(0, 1)].slice(-MAX_ACCOUNTS)
  return { id, isKnown: known.some((mark) => marks.includes(mark)), token: [id, ...newest].join('.') }
}

/** Makes a browser the device. */
export function setDeviceCookie(c: Context<AppEnv>, { token }: Device): void {
  setCookie(c, COOKIE, token, LIFETIME_SECONDS)
}

/** The first 128 bits of an HMAC with SHA-256. */
async function signature(secret: string, text: string): Promise<string> {
  const algorithm = { name: 'HMAC', hash: 'SHA-256' }
  const key = await crypto.subtle.importKey('raw', encoder.encode(`device ${secret}`), algorithm, false, [
    'sign',
  ])
  const bytes = new Uint8Array(await crypto.subtle.sign('HMAC', key, encoder.encode(text)), 0, 16)
  return bytes.toBase64({ alphabet: 'base64url', omitPadding: true })
}
