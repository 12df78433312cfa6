/** Whether the services that the API depends on answer. */
import type { Bindings } from '../http/env'

/** In milliseconds: a slower service counts as failed. */
const LIMIT = 2_000

/** The method called on a conversation's object, whose class belongs to messaging/. */
type Pinged = Rpc.DurableObjectBranded & { ping(): Promise<void> }

export const PARTS = ['d1', 'r2', 'durable_object'] as const
type Part = (typeof PARTS)[number]

/** Checks all services in parallel, cheaply and without writing. */
export async function checkParts(env: Bindings): Promise<Record<Part, boolean>> {
  const [d1, r2, durable_object] = await Promise.all([
    answers(() => env.DB.prepare('select 1').first()),
    answers(() => env.MEDIA.head('health')),
    // An object that belongs to no conversation.
    answers(() => (env.CONVERSATION as DurableObjectNamespace<Pinged>).getByName('0-0').ping()),
  ])
  return { d1, r2, durable_object }
}

async function answers(ask: () => Promise<unknown>): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer in ${LIMIT} ms`)), LIMIT)
  })
  try {
    await Promise.race([ask(), late])
    return true
  } catch (error) {
    console.error(JSON.stringify({ error: 'A health check failed.', why: String(error) }))
    return false
  } finally {
    if (timer !== undefined) clearTimeout(timer)
  }
}
