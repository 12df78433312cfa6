/** Limits in memory: they cost nothing, and are lost with the isolate or object that holds them. */
import { intervalMs, type Limit, use } from './gcra'

/** Time stamps by key, for at most `max` keys; the least recently used are forgotten. */
export class MemoryLimit<Key> {
  readonly #stamps = new Map<Key, number>()

  constructor(readonly max: number) {}

  /** Uses up `cost` if that much is available; otherwise returns how long to wait, in milliseconds. */
  use(limit: Limit | undefined, key: Key, now: number, cost = 1): number {
    if (!limit) return 0
    const { at, waitMs } = use(limit, this.#stamps.get(key) ?? 0, now, cost)
    if (waitMs === 0) this.#set(key, at)
    return waitMs
  }

  /** How long the key must wait for one more, in milliseconds; uses up nothing. */
  wait(limit: Limit, key: Key, now: number): number {
    return use(limit, this.#stamps.get(key) ?? 0, now).waitMs
  }

  /** Charges what was already used, even beyond the limit: further uses are refused until the excess has expired. */
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
