/** A list that is fetched again whenever it may have changed: once for all changes within a moment, and one call at a time. */
import { later } from '../platform'
import { Value } from './store'

const TOGETHER_MS = 200
const RETRY_MS = 5_000

export class Fetched<T> {
  readonly value: Value<T>
  #isStale = false
  #isLoading = false
  #isStopped = false
  #cancel: (() => void) | undefined
  readonly #load: () => Promise<T>

  constructor(empty: T, load: () => Promise<T>) {
    this.value = new Value(empty)
    this.#load = load
  }

  refresh(milliseconds = TOGETHER_MS): void {
    this.#isStale = true
    if (this.#isStopped || this.#isLoading) return
    this.#cancel ??= later(() => void this.#fetch(), milliseconds)
  }

  /** Applies a known change without fetching. An answer already on its way may not include the change yet. */
  edit(change: (value: T) => T): void {
    this.value.set(change(this.value.getSnapshot()))
    if (this.#isLoading) this.#isStale = true
  }

  stop(): void {
    this.#isStopped = true
    this.#cancel?.()
  }

  async #fetch(): Promise<void> {
    this.#cancel = undefined
    this.#isLoading = true
    // The answer may not include changes from now on.
    this.#isStale = false
    let pause: number | undefined
    try {
      const value = await this.#load()
      if (!this.#isStopped) this.value.set(value)
    } catch {
      this.#isStale = true
      pause = RETRY_MS
    }
    this.#isLoading = false
    if (this.#isStale) this.refresh(pause)
  }
}
