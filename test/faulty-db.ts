/** D1 as a conversation's object sees it, failing when it is told to. */
import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import type { Conversation } from '../src/messaging/object/conversation'

/** What happens to a call: nothing of it is done, its answer is lost, or comes late. */
export type Fault = 'before' | 'after' | 'late'

/** Asked before each call. */
export type Faults = () => Fault | undefined

/** In milliseconds. */
const LATE = 300
const LOST = 'D1_ERROR: Network connection lost.'

/**
 * Puts these faults between the object and D1, until the object is evicted. `called` learns of each call with its number of statements.
 */
export async function breakDb(
  stub: DurableObjectStub<Conversation>,
  faults: Faults,
  called: (statements: number) => void = () => {},
): Promise<void> {
  await runInDurableObject(stub, (instance) => {
    const DB = {
      withSession(constraint?: string) {
        const session = env.DB.withSession(constraint)
        return {
          prepare: (query: string) => session.prepare(query),
          getBookmark: () => session.getBookmark(),
          async batch<T>(statements: D1PreparedStatement[]) {
            called(statements.length)
            const fault = faults()
            if (fault === 'before') throw new Error(LOST)
            const results = await session.batch<T>(statements)
            if (fault === 'after') throw new Error(LOST)
            if (fault === 'late') await new Promise((done) => setTimeout(done, LATE))
            return results
          },
        }
      },
    }
    Object.defineProperty(instance, 'env', { value: { ...env, DB }, configurable: true })
  })
}

/** Faults that come once each, in this order; `undefined` for a call that works. */
export function once(...faults: (Fault | undefined)[]): Faults {
  return () => faults.shift()
}
