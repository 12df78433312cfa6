/** The stores that a request calls, one of whose calls goes wrong: D1, R2, the conversation's object, D1 as that object calls it, mail. */
import { evictDurableObject, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { vi } from 'vitest'
import type { Bindings } from '../../src/http/env'
import type { Conversation } from '../../src/messaging/object/conversation'
import { d1Error } from '../faulty-db'
import { UNKNOWN } from './d1-errors'
import { MAIL_ERRORS, OBJECT_ERRORS, R2_ERRORS } from './store-errors'

export type Store = 'd1' | 'r2' | 'object' | 'objectD1' | 'mail'

/**
 * What becomes of a call: nothing is done and it fails; it is done and its answer is lost; its answer comes, in time, when it could have been given
 * up; or it is given up, and done after that (`late`: before the client tries again, `latest`: after that). An object may also be evicted before
 * the call, or after it, with its answer; or be killed while it calls D1, before that is done or after it.
 */
export const FAULTS = {
  d1: ['before', 'after', 'slow', 'late', 'latest'],
  r2: ['before', 'after', 'slow', 'late', 'latest'],
  object: ['before', 'after', 'slow', 'late', 'latest', 'evicted', 'evicted after'],
  objectD1: ['before', 'after', 'slow', 'late', 'latest', 'killed', 'killed after'],
  mail: ['before', 'after', 'slow'],
} as const satisfies Record<Store, string[]>
export type Fault = (typeof FAULTS)[Store][number]

export interface Plan {
  store: Store
  /** Which call to that store, from 1. */
  call: number
  fault: Fault
  /** Which of the store's errors. */
  error: number
}

const ERRORS: Record<Store, ((method: string) => Error)[]> = {
  d1: UNKNOWN.map((message) => () => d1Error(message)),
  objectD1: UNKNOWN.map((message) => () => d1Error(message)),
  r2: R2_ERRORS,
  object: OBJECT_ERRORS,
  mail: MAIL_ERRORS,
}
export const errorsOf = (store: Store) => ERRORS[store].length

const SLOW_MS = 15
/** No timer of the code that is shorter is a deadline of a store. */
const SHORTEST_DEADLINE_MS = 5_000

/** Ends the deadline that was set last, if that was in this very turn. */
let expire: (() => void) | undefined

/** From now on deadlines can be brought forward: those who call a store set theirs just before. */
export function bringDeadlinesForward(): void {
  const real = globalThis.setTimeout
  const stub = (run: (...values: unknown[]) => void, ms = 0, ...rest: unknown[]) => {
    if (ms >= SHORTEST_DEADLINE_MS) {
      expire = run
      queueMicrotask(() => {
        expire = undefined
      })
    }
    return real(() => run(...rest), ms)
  }
  vi.stubGlobal('setTimeout', stub)
}

export interface FaultyStores {
  bindings: Record<string, unknown>
  /** How many calls each store has had. */
  calls: Record<Store, number>
  /** Whether the fault has happened. */
  isDone: () => boolean
  /** From now on, until it is evicted, the object's own calls to D1 are among them. */
  breakObject: (stub: DurableObjectStub<Conversation>) => Promise<void>
  /** Does what was given up and has not been done yet. */
  arrive: () => Promise<void>
}

/** The Worker's stores, where one call goes as planned. */
export function faultyStores(plan?: Plan): FaultyStores {
  const calls: Record<Store, number> = { d1: 0, r2: 0, object: 0, objectD1: 0, mail: 0 }
  let isDone = false
  const held: (() => Promise<unknown>)[] = []

  async function through<T>(
    store: Store,
    method: string,
    send: () => Promise<T>,
    kill: () => void = () => {},
  ): Promise<T> {
    calls[store] += 1
    if (plan?.store !== store || plan.call !== calls[store]) return send()
    isDone = true
    const error = ERRORS[store][plan.error % ERRORS[store].length]?.(method)
    const giveUp = expire
    switch (plan.fault) {
      case 'before':
      case 'evicted':
        throw error
      case 'after':
      case 'evicted after':
        await send()
        throw error
      case 'killed':
        kill()
        throw error
      case 'killed after':
        await send()
        kill()
        throw error
      case 'late':
      case 'latest':
        if (giveUp) {
          held.push(send)
          setTimeout(giveUp, 0)
          return new Promise(() => {})
        }
    }
    // Where nobody gives a call up, late is slow.
    await new Promise((done) => setTimeout(done, SLOW_MS))
    return send()
  }

  const sessionsOf = (store: 'd1' | 'objectD1', kill?: () => void) => (constraint?: string) => {
    const session = env.DB.withSession(constraint)
    return {
      prepare: (query: string) => session.prepare(query),
      getBookmark: () => session.getBookmark(),
      batch: (statements: D1PreparedStatement[]) =>
        through(store, 'batch', () => session.batch(statements), kill),
    }
  }
  const MEDIA = proxied(env.MEDIA, (method, send) => through('r2', method, send))
  const getByName = (name: string) => {
    // Bindings are typed without the class (see http/env.ts).
    const namespace = (env as Bindings).CONVERSATION as DurableObjectNamespace<Conversation>
    const evict = () => evictDurableObject(namespace.getByName(name)).catch(() => {})
    return proxied(namespace.getByName(name), async (method, send) => {
      const isPlanned = plan?.store === 'object' && plan.call === calls.object + 1
      if (isPlanned && plan.fault === 'evicted') await evict()
      try {
        return await through('object', method, send)
      } finally {
        if (isPlanned && plan.fault === 'evicted after') await evict()
      }
    })
  }
  return {
    bindings: {
      DB: { withSession: sessionsOf('d1') },
      MEDIA,
      CONVERSATION: { getByName },
      MAIL_FROM: 'noreply@example.com',
      SEND_EMAIL: { send: () => through('mail', 'send', async () => {}) },
    },
    calls,
    isDone: () => isDone,
    breakObject: (stub) =>
      runInDurableObject(stub, (instance, state) => {
        const DB = { withSession: sessionsOf('objectD1', () => state.abort('killed')) }
        Object.defineProperty(instance, 'env', { value: { ...env, DB }, configurable: true })
      }),
    async arrive() {
      for (const send of held.splice(0)) await send().catch(() => {})
    },
  }
}

/** The same, whose methods go through `call`. */
function proxied<T extends object>(
  target: T,
  call: (method: string, send: () => Promise<unknown>) => Promise<unknown>,
): T {
  return new Proxy(target, {
    get(_, name) {
      const method: unknown = Reflect.get(target, name)
      if (typeof method !== 'function') return method
      return (...values: unknown[]) => call(String(name), () => Reflect.apply(method, target, values))
    },
  })
}
