/** Errors with the same text over HTTP and over a socket. */
import type { FieldErrors } from '../../http/errors'

export const EMPTY_MESSAGE: FieldErrors = { non_field_errors: ['A message needs content or an image.'] }
export const TO_SELF = { detail: ['Cannot send a message to yourself'] } satisfies FieldErrors
export const NO_RECIPIENT = {
  detail: ['Recipient not found: User matching query does not exist.'],
} satisfies FieldErrors
