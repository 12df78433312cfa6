import type { SocketConstructor } from './link'
import type { TokenStorage } from './tokens'

/** https://www.w3.org/TR/web-locks/ */
export interface Locks {
  request<T>(name: string, run: () => Promise<T>): Promise<T>
}

/** Features that only some platforms have. Every use must check whether they exist. */
interface Platform {
  crypto?: { randomUUID?(): string }
  document?: unknown
  indexedDB?: unknown
  localStorage?: TokenStorage
  location?: { href: string }
  navigator?: {
    product?: string
    /** In secure contexts only. */
    locks?: Locks
  }
  BroadcastChannel?: typeof BroadcastChannel
  WebSocket?: SocketConstructor
  XMLHttpRequest?: typeof XMLHttpRequest
  addEventListener?(type: 'online' | 'offline', listener: () => void): void
  removeEventListener?(type: 'online' | 'offline', listener: () => void): void
}

export const platform = globalThis as unknown as Platform

// Some React Native engines lack it, and compiled `for await` then looks for this name.
export const ASYNC_ITERATOR: typeof Symbol.asyncIterator =
  Symbol.asyncIterator ?? ('@@asyncIterator' as unknown as typeof Symbol.asyncIterator)

/** Where pages store data that is not secret. Some pages may not even access it. */
export function pageStorage(): TokenStorage | undefined {
  try {
    return platform.localStorage
  } catch {
    return undefined
  }
}

/**
 * A key that has never been used before. It need not be secret, because keys belong to a user. So `Math.random` suffices if there is no `crypto`
 * (React Native) or no `randomUUID` (pages on plain http).
 */
export function randomKey(): string {
  const random = () => Math.random().toString(36).slice(2)
  return platform.crypto?.randomUUID?.() ?? `${Date.now().toString(36)}-${random()}${random()}`
}

/** Runs `run` after this time. Returns a function that cancels it. */
export function later(run: () => void, milliseconds: number): () => void {
  const timer = setTimeout(run, milliseconds)
  return () => clearTimeout(timer)
}

/** What an aborted call rejects with. React Native's signals have no reason. */
export const abortion = (signal: AbortSignal): unknown =>
  signal.reason ?? Object.assign(new Error('The call was aborted.'), { name: 'AbortError' })

export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw abortion(signal)
}

/** Waits for the promise until the signal aborts. */
export function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise
  return new Promise<T>((resolve, reject) => {
    const abort = () => reject(abortion(signal))
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort)
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}

export const pause = (milliseconds: number, signal?: AbortSignal): Promise<void> =>
  unlessAborted(
    new Promise((resolve) => {
      setTimeout(resolve, milliseconds)
    }),
    signal,
  )
