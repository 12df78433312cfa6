/** D1 as an object sees it, failing when it is told to. */
import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import type { PersonChannel } from '../src/live/object/person-channel'
import type { Conversation } from '../src/messaging/object/conversation'

/** What happens to a call: nothing of it is done, its answer is lost, or comes late, or never; or it has a mistake in its SQL. */
export type Fault = 'before' | 'after' | 'late' | 'hang' | 'mistake'

/** Asked before each call. */
export type Faults = () => Fault | undefined

/** In milliseconds. */
const LATE = 300
/** As D1 throws it: `test/failures/unknown-outcomes.test.ts` provokes some, and asserts their shape. */
export const d1Error = (message: string) => new Error(`D1_ERROR: ${message}`, { cause: new Error(message) })
const lost = () => d1Error('Network connection lost.')

/**
 * Puts these faults between the object and D1, until the object is evicted. `called` learns of each call with its number of statements.
 */
export async function breakDb(
  stub: DurableObjectStub<Conversation | PersonChannel>,
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
            if (fault === 'before') throw lost()
            if (fault === 'hang') return new Promise<never>(() => {})
            if (fault === 'mistake') await session.batch([session.prepare('select nothing')])
            const results = await session.batch<T>(statements)
            if (fault === 'after') throw lost()
            if (fault === 'late') await new Promise((done) => setTimeout(done, LATE))
            return results
          },
        }
      },
    }
    setEnv(instance, { DB })
  })
}

/** Gives the object these bindings instead of its own, until it is evicted. */
export function setEnv(instance: object, bindings: object): void {
  Object.defineProperty(instance, 'env', {
    value: { ...Reflect.get(instance, 'env'), ...bindings },
    configurable: true,
  })
}

/** Faults that come once each, in this order; `undefined` for a call that works. */
export function once(...faults: (Fault | undefined)[]): Faults {
  return () => faults.shift()
}

/** Gives up the object's next call to D1 without sending it; what it gives sends it after all. The faults are those of the calls after it. */
export async function holdBack(
  stub: DurableObjectStub<Conversation>,
  faults: Faults = () => undefined,
): Promise<() => Promise<unknown>> {
  let send: (() => Promise<unknown>) | undefined
  await runInDurableObject(stub, (instance) => {
    const DB = {
      withSession(constraint?: string) {
        const session = env.DB.withSession(constraint)
        return {
          prepare: (query: string) => session.prepare(query),
          getBookmark: () => session.getBookmark(),
          async batch<T>(statements: D1PreparedStatement[]) {
            if (send) {
              if (faults() === 'before') throw lost()
              return session.batch<T>(statements)
            }
            send = () => session.batch(statements)
            throw lost()
          },
        }
      },
    }
    Object.defineProperty(instance, 'env', { value: { ...env, DB }, configurable: true })
  })
  return async () => send?.()
}
