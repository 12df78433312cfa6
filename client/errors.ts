/** Whatever the API refuses, as one class. */

/** Messages by field; `non_field_errors` for those that belong to none. */
export type FieldErrors = Record<string, string[]>

export class ApiError extends Error {
  override readonly name = 'ApiError'

  constructor(
    /** The HTTP status; 0 where there was no answer. */
    readonly status: number,
    /** What to tell a person, where no field is to blame. */
    readonly detail: string | undefined,
    readonly fields: FieldErrors = {},
    /** For machines, where the API gives one: `token_not_valid`, `user_inactive` … */
    readonly code?: string,
    /** Names the request in the server's log. */
    readonly requestId?: string | null,
  ) {
    super(detail || Object.values(fields).flat().join(' ') || `HTTP ${status}`)
  }
}

/** Reads an answer that is no success. */
export async function errorFrom(response: Response): Promise<ApiError> {
  const body: unknown = await response.json().catch(() => undefined)
  const requestId = response.headers.get('x-request-id')
  if (Array.isArray(body))
    return new ApiError(response.status, undefined, { non_field_errors: body }, undefined, requestId)
  const { detail, code: given, messages: _, ...rest } = (body ?? {}) as Record<string, unknown>
  // In calls that send a message every value is a list.
  const code = Array.isArray(given) ? given[0] : given
  const fields = Object.fromEntries(
    Object.entries(rest).filter(([, value]) => Array.isArray(value)),
  ) as FieldErrors
  const text = Array.isArray(detail) ? detail.join(' ') : typeof detail === 'string' ? detail : undefined
  return new ApiError(response.status, text, fields, typeof code === 'string' ? code : undefined, requestId)
}
