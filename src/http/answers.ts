import * as z from 'zod'

/** The answer of what has nothing to give but a word of what was done. */
export const detailAnswer = z.object({ detail: z.string() }).meta({ id: 'Detail' })
