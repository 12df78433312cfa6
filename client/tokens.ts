/** Tokens: where they are kept, and how several tabs renew them once. */
import { type Locks, pause, platform } from './platform'

/** Where text survives a reload: `localStorage`, React Native's `AsyncStorage`, and whatever else has these. */
export interface TokenStorage {
  getItem(name: string): string | null | undefined | Promise<string | null | undefined>
  setItem(name: string, value: string): unknown
  removeItem(name: string): unknown
}

/** Where the browser keeps the tokens, both are empty: then this says only that somebody is signed in, and who. */
export interface Tokens {
  access: string
  refresh: string
  /** Whose they are. */
  user?: number | undefined
}

/** What one tab has stored, another may read only a little later, as each is a process of its own. */
const SETTLE_MS = 150

export interface TokenKeeper {
  get(): Promise<Tokens | undefined>
  set(tokens: Tokens | undefined): Promise<void>
  /** Keeps what a renewal gave, unless somebody has signed in or out meanwhile, perhaps in another tab. Whether it did. */
  renewed(old: Tokens | undefined, fresh: Tokens | undefined): Promise<boolean>
  /**
   * Runs `renew` unless somebody else has renewed since `stale` was read: one call at a time in this tab, and, where the browser has
   * locks, one tab at a time.
   */
  renewOnce(stale: string | undefined, renew: (tokens: Tokens | undefined) => Promise<void>): Promise<void>
}

/** `former`: a name that they may still have from before. */
export function tokenKeeper(
  storage: TokenStorage | undefined,
  name: string,
  former?: string | false,
): TokenKeeper {
  let memory: Tokens | undefined
  /** Storage that did not take the newest tokens holds older ones: until it takes some again, it is not read. */
  let isCurrent = true
  let writing: Promise<unknown> = rename().catch(() => undefined)
  let renewing: Promise<void> | undefined
  // Only tabs share anything; in a server one person would wait for the other.
  const locks = storage && platform.document ? platform.navigator?.locks : undefined

  async function rename(): Promise<void> {
    const old = former && (await storage?.getItem(former))
    if (!old) return
    await storage?.setItem(name, old)
    await storage?.removeItem(former)
  }
  const get = async () => {
    await writing
    if (!storage || !isCurrent) return memory
    try {
      memory = parse(await storage.getItem(name))
    } catch {
      // It cannot be read, which says nothing about what is in it: what is known here stays.
    }
    return memory
  }
  const set = async (tokens: Tokens | undefined) => {
    memory = tokens
    // One after the other: of two that are under way at once, the older could win.
    writing = writing
      .then(() => (tokens ? storage?.setItem(name, JSON.stringify(tokens)) : storage?.removeItem(name)))
      .then(
        () => true,
        () => false,
      )
      .then((isKept) => {
        isCurrent = isKept
      })
    await writing
  }
  return {
    get,
    set,
    async renewed(old, fresh) {
      const isSame = (await get())?.refresh === old?.refresh
      if (isSame) await set(fresh)
      return isSame
    },
    async renewOnce(stale, renew) {
      const run = async () => {
        const tokens = await get()
        if (stale === undefined || tokens?.access === stale) await renew(tokens)
      }
      renewing ??= (locks ? exclusively(locks, name, run) : run()).finally(() => {
        renewing = undefined
      })
      await renewing
    },
  }
}

/** One tab at a time. The others get their turn a moment after this one has its result. */
const exclusively = (locks: Locks, name: string, run: () => Promise<void>) =>
  new Promise<void>((resolve, reject) => {
    void locks.request(name, async () => {
      await run().then(resolve, reject)
      await pause(SETTLE_MS)
    })
  })

/** Whatever is not what this client has stored is nothing. */
function parse(text: string | null | undefined): Tokens | undefined {
  try {
    const tokens: Partial<Tokens> | null = JSON.parse(text ?? 'null')
    const isWhole = typeof tokens?.access === 'string' && typeof tokens.refresh === 'string'
    return isWhole ? (tokens as Tokens) : undefined
  } catch {
    return undefined
  }
}
