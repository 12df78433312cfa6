import * as z from 'zod'

/** `:id{[0-9]+}` of a path. An id too large to be one becomes 0, which no row has. */
export const idParam = z.object({
  id: z.string().transform((digits) => (Number.isSafeInteger(Number(digits)) ? Number(digits) : 0)),
})
