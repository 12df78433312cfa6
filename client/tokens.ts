/** Token storage, and renewing tokens once for several tabs. */
import { type Locks, pause, platform } from './platform'

/** Storage that survives a reload: `localStorage`, React Native's `AsyncStorage`, or anything else with these methods. */
export interface TokenStorage {
  getItem(name: string): string | null | undefined | Promise<string | null | undefined>
  setItem(name: string, value: string): unknown
  removeItem(name: string): unknown
}

/** If the browser stores the tokens as cookies, both are empty, and this only says that somebody is signed in, and who. */
export interface Tokens {
  access: string
  refresh: string
  /** The id of the user whom they belong to. */
  user?: number | undefined
}

/** Each tab is a process of its own, so what one tab stores may reach another only a little later. */
const SETTLE_MS = 150

export interface TokenKeeper {
  get(): Promise<Tokens | undefined>
  set(tokens: Tokens | undefined): Promise<void>
  /** Stores the renewed tokens, unless somebody has signed in or out in the meantime, perhaps in another tab. Returns whether it did. */
  renewed(old: Tokens | undefined, fresh: Tokens | undefined): Promise<boolean>
  /**
   * Runs `renew` unless the tokens have been renewed since `stale` was read. One call at a time in this tab and, if the browser has locks, one tab at
   * a time.
   */
  renewOnce(stale: string | undefined, renew: (tokens: Tokens | undefined) => Promise<void>): Promise<void>
}

/** `former`: a name under which older versions stored the tokens. */
export function tokenKeeper(
  storage: TokenStorage | undefined,
  name: string,
  former?: string | false,
): TokenKeeper {
  let memory: Tokens | undefined
  /** False if storage failed to store the newest tokens. It then holds older ones, and is not read until a write succeeds. */
  let isCurrent = true
  let writing: Promise<unknown> = rename().catch(() => undefined)
  let renewing: Promise<void> | undefined
  // Only tabs share tokens. On a server, users would wait for each other.
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
      // A failed read says nothing about the content, so the tokens in memory stay valid.
    }
    return memory
  }
  const set = async (tokens: Tokens | undefined) => {
    memory = tokens
    // One write at a time: of two at once, the older could win.
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

/** Lets one tab at a time run. The others follow a moment after this one has stored its result. */
const exclusively = (locks: Locks, name: string, run: () => Promise<void>) =>
  new Promise<void>((resolve, reject) => {
    void locks.request(name, async () => {
      await run().then(resolve, reject)
      await pause(SETTLE_MS)
    })
  })

/** Treats anything that this client did not store as nothing. */
function parse(text: string | null | undefined): Tokens | undefined {
  try {
    const tokens: Partial<Tokens> | null = JSON.parse(text ?? 'null')
    const isWhole = typeof tokens?.access === 'string' && typeof tokens.refresh === 'string'
    return isWhole ? (tokens as Tokens) : undefined
  } catch {
    return undefined
  }
}
