/** Tokens: where they are kept, and how several tabs renew them once. */

import { platform } from './platform'

/** Where tokens survive a reload: `localStorage` does, and so does anything with these. */
export interface TokenStorage {
  getItem(name: string): string | null
  setItem(name: string, value: string): void
  removeItem(name: string): void
}

export interface Tokens {
  access: string
  refresh: string
}

const NAME = 'edge-social-api'

export interface TokenKeeper {
  get(): Tokens | undefined
  set(tokens: Tokens | undefined): void
  /** What a renewal gave: nothing where somebody has signed in or out meanwhile, perhaps in another tab. */
  renewed(from: Tokens | undefined, to: Tokens | undefined): void
  /**
   * Runs `renew` unless somebody else has renewed since `stale` was read: one call at a time in this tab, and, where the browser has
   * locks (https://www.w3.org/TR/web-locks/), one tab at a time.
   */
  renewOnce(stale: string | undefined, renew: (tokens: Tokens | undefined) => Promise<void>): Promise<void>
}

export function tokenKeeper(storage: TokenStorage | undefined): TokenKeeper {
  let memory: Tokens | undefined
  let renewing: Promise<void> | undefined
  const locks = platform.navigator?.locks

  const get = () => {
    const kept = storage?.getItem(NAME)
    return storage ? (kept ? (JSON.parse(kept) as Tokens) : undefined) : memory
  }
  const set = (tokens: Tokens | undefined) => {
    memory = tokens
    if (tokens) storage?.setItem(NAME, JSON.stringify(tokens))
    else storage?.removeItem(NAME)
  }
  return {
    get,
    set,
    renewed(from, to) {
      if (get()?.refresh === from?.refresh) set(to)
    },
    async renewOnce(stale, renew) {
      const run = async () => {
        const tokens = get()
        if (stale === undefined || tokens?.access === stale) await renew(tokens)
      }
      renewing ??= (locks ? locks.request(NAME, run) : run()).finally(() => {
        renewing = undefined
      })
      await renewing
    },
  }
}
