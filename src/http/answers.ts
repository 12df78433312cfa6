import * as z from 'zod/mini'

/** The answer of what has nothing to give but a word of what was done. */
export const detailAnswer = z.object({ detail: z.string() }).register(z.globalRegistry, { id: 'Detail' })
