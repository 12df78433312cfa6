import * as z from 'zod'

/** A parameter of the query string. Of one sent twice the last counts. */
export const queryParam = () =>
  z
    .preprocess((value: string | string[]) => (Array.isArray(value) ? value.at(-1) : value), z.string())
    .optional()

/** `:id{[0-9]+}` of a path. An id too large to be one becomes 0, which no row has. */
export const idParam = z.object({
  id: z.string().transform((digits) => (Number.isSafeInteger(Number(digits)) ? Number(digits) : 0)),
})
