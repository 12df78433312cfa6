/** What is said no to in the same words over HTTP and over a socket. */

export const EMPTY = { non_field_errors: ['A message needs content or an image.'] }
export const NO_RECIPIENT = { detail: ['Recipient not found: User matching query does not exist.'] }
