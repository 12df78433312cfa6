/** An observable value, in the form that React (`useSyncExternalStore`), Svelte and plain listeners expect. */
export interface Store<T> {
  /** Calls back immediately, and at every change. Returns a function that unsubscribes. */
  subscribe(listener: (value: T) => void): () => void
  /** Returns the same object until something changes. */
  getSnapshot(): T
}

export class Value<T> implements Store<T> {
  #value: T
  readonly #listeners = new Set<(value: T) => void>()

  constructor(value: T) {
    this.#value = value
  }

  // Arrow functions, because callers pass both methods on without their object.
  readonly getSnapshot = (): T => this.#value

  readonly subscribe = (listener: (value: T) => void): (() => void) => {
    // A wrapper, because subscribing the same function twice must count as two listeners.
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
