/**
 * Devices that have signed in before. A device is a random name with a mark for each account that it has signed in to, the newest five: it opens
 * nothing, but its guesses of these accounts' passwords are counted by themselves, so that nobody else can use them up. A mark names the account by
 * its id, which outlives its name, and ends a year after the device has last signed in to it.
 */
import type { Context } from 'hono'
import { getCookie } from 'hono/cookie'
import { randomId } from '../crypto'
import { config } from '../http/config'
import type { AppEnv } from '../http/env'
import { type Limits, MAX_ADDRESSES } from '../limits/limits'
import { MemoryLimit } from '../limits/memory'
import { setCookie } from './cookies'

const COOKIE = 'device'
const MAX_ACCOUNTS = 5
const DAY_SECONDS = 86_400
const LIFETIME_DAYS = 365
const PATTERN = /^[0-9a-f]{32}(\.[0-9a-z]{1,11}-[0-9a-z]{1,5}-[\w-]{22}){1,5}$/
const encoder = new TextEncoder()

/** A mark: `account-day-signature`, both numbers to the base of 36. */
interface Mark {
  account: number
  text: string
}

export interface Device {
  id: string
  /** The accounts that it has signed in to. */
  marks: readonly Mark[]
}

const today = () => Math.floor(Date.now() / 1000 / DAY_SECONDS)

/** The device that a request comes from, by the body's field, else by the cookie; a new one where neither is good. */
export async function deviceOf(c: Context<AppEnv>, field: string | undefined): Promise<Device> {
  const given = field ?? getCookie(c, COOKIE) ?? ''
  const [id = '', ...texts] = PATTERN.test(given) ? given.split('.') : [randomId()]
  const marks: Mark[] = []
  for (const text of texts) {
    const [account = 0, day = 0] = text.split('-', 2).map((number) => Number.parseInt(number, 36))
    if (day <= today() - LIFETIME_DAYS || !Number.isSafeInteger(account)) continue
    for (const secret of config(c.env).jwtSecrets) {
      if (text === (await markOf(secret, id, account, day))) marks.push({ account, text })
    }
  }
  return { id, marks }
}

const addresses = new MemoryLimit<string>(MAX_ADDRESSES)

/** Whether a device may be known: not where its address brings too many along, which then count as any others. */
export const mayBeKnown = ({ marks }: Device, address: string | undefined, limits: Limits): boolean =>
  marks.length > 0 &&
  (address === undefined || addresses.use(limits.login_devices, address, Date.now()) === 0)

/** The token of a device that has signed in to the account now. */
export async function deviceToken(
  c: Context<AppEnv>,
  { id, marks }: Device,
  account: number,
): Promise<string> {
  const [secret = ''] = config(c.env).jwtSecrets
  const others = marks.filter((mark) => mark.account !== account).map(({ text }) => text)
  return [id, ...[...others, await markOf(secret, id, account, today())].slice(-MAX_ACCOUNTS)].join('.')
}

/** Makes a browser the device. */
export function setDeviceCookie(c: Context<AppEnv>, token: string): void {
  setCookie(c, COOKIE, token, LIFETIME_DAYS * DAY_SECONDS)
}

/** Signed with the first 128 bits of an HMAC with SHA-256. */
async function markOf(secret: string, id: string, account: number, day: number): Promise<string> {
  const algorithm = { name: 'HMAC', hash: 'SHA-256' }
  const key = await crypto.subtle.importKey('raw', encoder.encode(`device ${secret}`), algorithm, false, [
    'sign',
  ])
  const text = `${account.toString(36)}-${day.toString(36)}`
  const bytes = new Uint8Array(await crypto.subtle.sign('HMAC', key, encoder.encode(`${id}:${text}`)), 0, 16)
  return `${text}-${bytes.toBase64({ alphabet: 'base64url', omitPadding: true })}`
}
