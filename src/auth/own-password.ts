import { ValidationError } from '../http/errors'
import type { Limit } from '../limits/gcra'
import { verifyPassword } from './password'

/**
 * What ends or takes over an account asks for its password, signed in or not. Throws `ValidationError` where it is missing or wrong. `pace` is the
 * limit of hashes; guesses are counted where the hash is read (`findCredentials`).
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
