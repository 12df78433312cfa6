/** Limits that are kept in memory: free, and gone with the isolate or object that keeps them. */
import { intervalMs, type Limit, use } from './gcra'

/** Time stamps by key; of at most `max` keys, of which those that were used longest ago are forgotten. */
export class MemoryLimit<Key> {
  readonly #stamps = new Map<Key, number>()

  constructor(readonly max: number) {}

  /** Uses up `cost` if the key is due that much; how long it has to wait otherwise, in milliseconds. */
  use(limit: Limit | undefined, key: Key, now: number, cost = 1): number {
    if (!limit) return 0
    const { at, waitMs } = use(limit, this.#stamps.get(key) ?? 0, now, cost)
    if (waitMs === 0) this.#set(key, at)
    return waitMs
  }

  /** How long the key has to wait for one more, in milliseconds; uses up nothing. */
  wait(limit: Limit, key: Key, now: number): number {
    return use(limit, this.#stamps.get(key) ?? 0, now).waitMs
  }

  /** Uses up what has been used already, allowed or not: what follows is refused for as long as that was too much. */
  charge(limit: Limit | undefined, key: Key, now: number, cost: number): void {
    if (!limit) return
    this.#set(key, Math.max(this.#stamps.get(key) ?? 0, now) + cost * intervalMs(limit))
  }

  #set(key: Key, at: number): void {
    // A map's order is that of insertion: what was used last is at the end.
    this.#stamps.delete(key)
    this.#stamps.set(key, at)
    const [oldest] = this.#stamps.keys()
    if (this.#stamps.size > this.max && oldest !== undefined) this.#stamps.delete(oldest)
  }
}
