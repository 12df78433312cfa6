/** A value that tells when it changes, as React (`useSyncExternalStore`), Svelte and plain listeners want it. */
export interface Store<T> {
  /** Calls back at once, and at every change. Gives what ends that. */
  subscribe(listener: (value: T) => void): () => void
  /** The same object until something has changed. */
  getSnapshot(): T
}

export class Value<T> implements Store<T> {
  #value: T
  readonly #listeners = new Set<(value: T) => void>()

  constructor(value: T) {
    this.#value = value
  }

  // Both are handed on without what they belong to.
  readonly getSnapshot = (): T => this.#value

  readonly subscribe = (listener: (value: T) => void): (() => void) => {
    // The same function twice is two listeners.
    const own = (value: T) => listener(value)
    this.#listeners.add(own)
    own(this.#value)
    return () => this.#listeners.delete(own)
  }

  set(value: T): void {
    if (Object.is(value, this.#value)) return
    this.#value = value
    for (const listener of this.#listeners) listener(value)
  }
}
