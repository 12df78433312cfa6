/** E-mail addresses: which texts are one, and which are the same one. */
import { fold } from './text'

/** RFC 5321, 4.5.3.1: in bytes. */
const MAX_LOCAL_BYTES = 64
const MAX_DOMAIN_LENGTH = 253

/** What comes before the `@`: as HTML's input field has it, with any letters (RFC 6531); or in quotes, with almost anything. */
const LOCAL = /^[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~\-\u{a1}-\u{10ffff}]+$/u
const QUOTED_LOCAL = /^"(?:[^"\\\p{Cc}]|\\[ -~])*"$/u
/** Two addresses that look the same must not be two. */
const HIDDEN = /[\p{Default_Ignorable_Code_Point}\p{Cc}]|(?! )\p{White_Space}/u

/** What a domain may hold before it is turned into ASCII: the URL parser would take far more for one. */
const DOMAIN = /^[a-zA-Z0-9.\-\u{a1}-\u{10ffff}]+$/u
/** Two labels or more, the last of which is no number. */
const ASCII_DOMAIN =
  /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?!\d+$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])$/

/** RFC 5321 and 6531, and HTML's `<input type=email>`, whatever one of them allows; of domains only those that the public net can have. */
export function isEmail(address: string): boolean {
  const { local, domain } = split(address)
  return !HIDDEN.test(address) && isLocal(local) && asciiDomain(domain) !== undefined
}

/**
 * What an address is compared by: without regard to case, and by the form of its domain that is on the wire, so that
 * `user@münchen.de` and `USER@xn--mnchen-3ya.de` are one.
 */
export function emailKey(address: string): string {
  const { local, domain } = split(address)
  return `${fold(local.normalize('NFC'))}@${asciiDomain(domain) ?? fold(domain)}`
}

/** At the last `@`, since one in quotes may come before it. */
function split(address: string) {
  const at = address.lastIndexOf('@')
  return { local: address.slice(0, Math.max(at, 0)), domain: address.slice(at + 1) }
}

function isLocal(local: string): boolean {
  return (
    (LOCAL.test(local) || QUOTED_LOCAL.test(local)) &&
    new TextEncoder().encode(local).length <= MAX_LOCAL_BYTES
  )
}

/** Unicode TS 46, as URLs do it; undefined where the domain is none. */
function asciiDomain(domain: string): string | undefined {
  if (!DOMAIN.test(domain)) return undefined
  const url = `http://${domain}`
  const ascii = URL.canParse(url) ? new URL(url).hostname : ''
  return ascii.length <= MAX_DOMAIN_LENGTH && ASCII_DOMAIN.test(ascii) ? ascii : undefined
}
