import { ASYNC_ITERATOR } from './platform'

/** Delivers every event to all readers, each at its own pace. */
export class Readers<T> {
  #isEnded = false
  readonly #readers = new Set<(...told: T[]) => void>()

  tell(event: T): void {
    for (const reader of this.#readers) reader(event)
  }

  /** Events delivered before can still be read. */
  end(): void {
    this.#isEnded = true
    for (const reader of this.#readers) reader()
  }

  /** Events from now on, until the end. Not a generator, because a generator cannot be left while it waits. */
  read(): AsyncIterableIterator<T> {
    const events: T[] = []
    let isLeft = false
    const sleepers: (() => void)[] = []
    const reader = (...told: T[]) => {
      events.push(...told)
      for (const wake of sleepers.splice(0)) wake()
    }
    this.#readers.add(reader)
    const isOver = () => isLeft || this.#isEnded
    return {
      next: async () => {
        while (events.length === 0 && !isOver()) {
          await new Promise<void>((resolve) => {
            sleepers.push(resolve)
          })
        }
        return events.length > 0 && !isLeft
          ? { value: events.shift() as T, done: false }
          : { value: undefined, done: true }
      },
      return: async () => {
        isLeft = true
        this.#readers.delete(reader)
        reader()
        return { value: undefined, done: true }
      },
      [ASYNC_ITERATOR]() {
        return this
      },
    }
  }
}
