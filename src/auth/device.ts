/**
 * Devices that have signed in before. A device has a random name, and a mark for each of the last five accounts that it signed in to. Marks grant no
 * access, but the device's guesses of these accounts' passwords are counted separately, so that nobody else can use them up. A mark identifies the
 * account by id, which stays when its name changes, and expires a year after the device last signed in to it.
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

/** A mark: `account-day-signature`, with both numbers in base 36. */
interface Mark {
  account: number
  text: string
}

export interface Device {
  id: string
  /** The accounts that the device has signed in to. */
  marks: readonly Mark[]
}

const today = () => Math.floor(Date.now() / 1000 / DAY_SECONDS)

/** The device that sent the request, from the body's field or else the cookie; a new device if neither is valid. */
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

/** Whether the device may count as known. If an address uses too many known devices, further ones count like unknown ones. */
export const mayBeKnown = ({ marks }: Device, address: string | undefined, limits: Limits): boolean =>
  marks.length > 0 &&
  (address === undefined || addresses.use(limits.login_devices, address, Date.now()) === 0)

/** The token of a device that has just signed in to the account. */
export async function deviceToken(
  c: Context<AppEnv>,
  { id, marks }: Device,
  account: number,
): Promise<string> {
  const [secret = ''] = config(c.env).jwtSecrets
  const others = marks.filter((mark) => mark.account !== account).map(({ text }) => text)
  return [id, ...[...others, await markOf(secret, id, account, today())].slice(-MAX_ACCOUNTS)].join('.')
}

/** Stores the device's token in the browser's cookie. */
export function setDeviceCookie(c: Context<AppEnv>, token: string): void {
  setCookie(c, COOKIE, token, LIFETIME_DAYS * DAY_SECONDS)
}

/** The mark, signed with the first 128 bits of an HMAC with SHA-256. */
async function markOf(secret: string, id: string, account: number, day: number): Promise<string> {
  const algorithm = { name: 'HMAC', hash: 'SHA-256' }
  const key = await crypto.subtle.importKey('raw', encoder.encode(`device ${secret}`), algorithm, false, [
    'sign',
  ])
  const text = `${account.toString(36)}-${day.toString(36)}`
  const bytes = new Uint8Array(await crypto.subtle.sign('HMAC', key, encoder.encode(`${id}:${text}`)), 0, 16)
  return `${text}-${bytes.toBase64({ alphabet: 'base64url', omitPadding: true })}`
}
