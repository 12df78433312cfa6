/** What browsers have that the Workers' types, which this is checked with, do not. */
interface Platform {
  /** https://www.w3.org/TR/web-locks/ */
  navigator?: { locks?: { request<T>(name: string, run: () => Promise<T>): Promise<T> } }
  document?: unknown
  addEventListener?(type: 'online' | 'offline', listener: () => void): void
  removeEventListener?(type: 'online' | 'offline', listener: () => void): void
}

export const platform = globalThis as unknown as Platform

/** Sends and takes cookies, also of another origin. */
export const WITH_COOKIES = { credentials: 'include' } as RequestInit
