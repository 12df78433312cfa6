import { ValidationError } from '../http/errors'
import type { Limit } from '../limits/gcra'
import { verifyPassword } from './password'

/**
 * Requires the account's password, even from a signed-in user, before an action that ends or takes over the account. Throws `ValidationError` if it
 * is missing or wrong. `pace` is the limit of hashes; `findCredentials`, which reads the hash, counts the guess.
 */
export async function requirePassword(
  hash: string,
  password: string | undefined,
  pace: Limit | undefined,
): Promise<void> {
  if (password === undefined) throw new ValidationError({ password: ['This field is required.'] })
  if (!(await verifyPassword(hash, password, pace)).matches)
    throw new ValidationError({ password: ['Your password was entered incorrectly. Please enter it again.'] })
}
