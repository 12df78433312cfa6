/** What browsers have that the Workers' types, which this is checked with, do not. */
interface Platform {
  /** https://www.w3.org/TR/web-locks/ */
  navigator?: { locks?: { request<T>(name: string, run: () => Promise<T>): Promise<T> } }
  document?: unknown
  location?: { href: string }
  addEventListener?(type: 'online' | 'offline', listener: () => void): void
  removeEventListener?(type: 'online' | 'offline', listener: () => void): void
}

export const platform = globalThis as unknown as Platform

/** Runs it then; call what this gives to call it off. */
export function later(run: () => void, milliseconds: number): () => void {
  const timer = setTimeout(run, milliseconds)
  return () => clearTimeout(timer)
}

/** Sends and takes cookies, also of another origin. */
export const WITH_COOKIES = { credentials: 'include' } as RequestInit
