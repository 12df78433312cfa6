import * as z from 'zod/mini'

/** The answer of a call that only reports that it succeeded. */
export const detailAnswer = z.object({ detail: z.string() }).register(z.globalRegistry, { id: 'Detail' })
