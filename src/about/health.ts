/** Whether what the API stands on answers. */
import type { Bindings } from '../http/env'

/** In milliseconds: longer, and it is no help to anybody. */
const LIMIT = 2_000

/** What is asked of a conversation's object here; its class is the messaging folder's. */
type Pinged = Rpc.DurableObjectBranded & { ping(): Promise<void> }

export const PARTS = ['d1', 'r2', 'durable_object'] as const
type Part = (typeof PARTS)[number]

/** Asks all parts at once, for little and with nothing written. */
export async function checkParts(env: Bindings): Promise<Record<Part, boolean>> {
  const [d1, r2, durable_object] = await Promise.all([
    answers(() => env.DB.prepare('select 1').first()),
    answers(() => env.MEDIA.head('health')),
    // The object of no conversation.
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
