/** A random generator that returns the same numbers on every machine: mulberry32, by Tommy Ettinger (public domain). */
export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed | 0
  }

  /** 0 ≤ number < 1 */
  number(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }

  /** A whole number, both ends included. */
  between(low: number, high: number): number {
    return low + Math.floor(this.number() * (high - low + 1))
  }

  chance(probability: number): boolean {
    return this.number() < probability
  }

  pick<T>(list: readonly T[]): T {
    const item = list[Math.floor(this.number() * list.length)]
    if (item === undefined) throw new RangeError('nothing to pick from')
    return item
  }

  /** Like `pick`, but picks the first far more often than the last, as some people are far more popular. */
  pickPopular<T>(list: readonly T[]): T {
    const item = list[Math.floor(this.number() ** 2 * list.length)]
    if (item === undefined) throw new RangeError('nothing to pick from')
    return item
  }
}
