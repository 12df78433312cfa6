/** The subjects that limits count by: IP addresses, accounts and e-mail addresses, as hashes that are meaningless without the service's secret. */
import { sha256 } from '../crypto'
import { emailKey } from '../db/email'
import { type Charge, charges } from '../db/rate-limits'
import { config } from '../http/config'
import type { RequestContext } from '../http/env'
import { addressKey } from '../limits/address'

const HASH_LENGTH = 32

/** Hashes personal data together with the secret: there are few enough addresses to try them all. */
export async function hashed(c: RequestContext, subject: string): Promise<string> {
  const [secret] = config(c.env).jwtSecrets
  return (await sha256(`${secret}\0${subject}`)).slice(0, HASH_LENGTH)
}

/** The hashed address of the client; undefined if the header is missing, which does not happen on Cloudflare. */
export async function hashedAddress(c: RequestContext): Promise<string | undefined> {
  const address = c.req.header('cf-connecting-ip')
  return address === undefined ? undefined : hashed(c, addressKey(address))
}

/** The limits that a requested mail counts against: those of the requester's IP address and of the recipient. */
export async function mailCharges(c: RequestContext, email: string): Promise<Charge[]> {
  const address = await hashedAddress(c)
  return [
    ...(address === undefined ? [] : charges(config(c.env).limits, 'mail_address', address)),
    ...charges(config(c.env).limits, 'mail_recipient', await hashed(c, emailKey(email))),
  ]
}

/** The limit that a registration's mail counts against. The sender is limited by `registrationCharges`. */
export const proofCharges = async (c: RequestContext, email: string): Promise<Charge[]> =>
  charges(config(c.env).limits, 'mail_proof', await hashed(c, emailKey(email)))
