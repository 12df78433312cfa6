/** The shape of errors by status, for the document and for the tests. */
import * as z from 'zod/mini'
import { detailAnswer } from '../../src/http/answers'
import { CODES, type ErrorCode } from '../../src/http/errors'

const fieldErrors = z.record(z.string(), z.array(z.string())).register(z.globalRegistry, {
  id: 'FieldErrors',
  description: 'Messages by field; `non_field_errors` for those that concern no single field.',
})

const messages = z.array(z.string()).register(z.globalRegistry, { id: 'Messages' })

const credentialsError = z
  .object({
    detail: z.string(),
    code: z.optional(z.string()),
    messages: z.optional(
      z.array(z.object({ token_class: z.string(), token_type: z.string(), message: z.string() })),
    ),
  })
  .register(z.globalRegistry, { id: 'CredentialsError' })

/** In calls that send a message. */
const lists = z.record(z.string(), z.array(z.unknown())).register(z.globalRegistry, {
  id: 'ErrorLists',
  description: 'Every value is a list, including `detail`, `code` and `messages`.',
})

/** The bodies of errors with this status that have one of the codes. With lists for values if the route answers so. */
export function errorAnswers(
  status: number,
  codes: readonly ErrorCode[],
  errorsInLists = false,
): z.ZodMiniType[] | undefined {
  if (!codes.some((code) => CODES[code][0] === status)) return undefined
  if (errorsInLists) return status === 400 ? [fieldErrors, messages] : [lists]
  if (status === 400) return [fieldErrors, detailAnswer, messages]
  return status === 401 ? [credentialsError] : [detailAnswer]
}
