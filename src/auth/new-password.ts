import { ValidationError } from '../http/errors'
import { passwordProblems, similarTo } from './password-rules'
import type { Account } from './queries'

/** Throws `ValidationError` unless both passwords are equal and strong enough for this account. */
export async function checkNewPassword(
  account: Account,
  password1: string,
  password2: string,
): Promise<void> {
  if (password1 !== password2) {
    throw new ValidationError({ new_password2: ['The two password fields didn’t match.'] })
  }
  const similar = similarTo(password1, account)
  const problems = [...(similar ? [similar] : []), ...(await passwordProblems(password1))]
  if (problems.length > 0) throw new ValidationError({ new_password2: problems })
}
