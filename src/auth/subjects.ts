/** Whom limits count: addresses, accounts and e-mail addresses, as hashes that mean nothing without the service's secret. */
import { sha256 } from '../crypto'
import { config } from '../http/config'
import type { RequestContext } from '../http/env'
import { addressKey } from '../limits/address'

const HASH_LENGTH = 32

/** Hashes what is people's data, together with the secret: addresses are few enough to be tried. */
export async function hashed(c: RequestContext, subject: string): Promise<string> {
  const [secret] = config(c.env).jwtSecrets
  return (await sha256(`${secret}\0${subject}`)).slice(0, HASH_LENGTH)
}

/** Of the address that a request comes from; undefined where nobody says, which is not so on Cloudflare. */
export async function hashedAddress(c: RequestContext): Promise<string | undefined> {
  const address = c.req.header('cf-connecting-ip')
  return address === undefined ? undefined : hashed(c, addressKey(address))
}
