/** Why somebody cannot be added to a list of people, in words. */
import { ForeignKeyViolation, TooMany, UniqueViolation } from '../db/errors'
import { ValidationError } from '../http/errors'
import { noSuchPk } from '../http/fields'

/** The error that clients get, under the field that names the person; any other error as it is. */
export function refusal(
  error: unknown,
  field: string,
  otherId: number,
  { twice, tooMany }: { twice: string; tooMany: string },
): unknown {
  if (error instanceof UniqueViolation) return new ValidationError({ [field]: [twice] })
  if (error instanceof TooMany) return new ValidationError({ [field]: [tooMany] })
  if (error instanceof ForeignKeyViolation) return new ValidationError({ [field]: [noSuchPk(otherId)] })
  return error
}
