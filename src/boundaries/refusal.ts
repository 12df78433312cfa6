/** The error messages for a person who cannot be added to a list. */
import { ForeignKeyViolation, TooMany, UniqueViolation } from '../db/errors'
import { ValidationError } from '../http/errors'
import { noSuchPk } from '../http/fields'

/** The error for clients, under the field that names the person; any other error is returned unchanged. */
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
