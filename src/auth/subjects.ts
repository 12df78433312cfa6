/** Whom limits count: addresses, accounts and e-mail addresses, as hashes that mean nothing without the service's secret. */
import { sha256 } from '../crypto'
import { emailKey } from '../db/email'
import { type Charge, charges } from '../db/rate-limits'
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

/** What a mail that somebody asks for counts against: their address, and the one it goes to. */
export async function mailCharges(c: RequestContext, email: string): Promise<Charge[]> {
  const address = await hashedAddress(c)
  return [
    ...(address === undefined ? [] : charges(config(c.env).limits, 'mail_address', address)),
    ...charges(config(c.env).limits, 'mail_recipient', await hashed(c, emailKey(email))),
  ]
}

/** What the mail of a registration counts against, whose sender is bounded otherwise. */
export const proofCharges = async (c: RequestContext, email: string): Promise<Charge[]> =>
  charges(config(c.env).limits, 'mail_proof', await hashed(c, emailKey(email)))
