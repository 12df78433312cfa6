/** Keeps frames apart, so that no second holds more of them than the API takes. */
import { later } from './platform'

/** 15 a second, where the API takes 20. */
const GAP_MS = 1000 / 15
const LONGEST_GAP_MS = 1000

export class Pace {
  #gap = GAP_MS
  #next = 0
  #cancel: () => void = () => undefined
  #waiting: (() => void)[] = []

  /** Runs it when it is its turn. */
  run(send: () => void): void {
    this.#waiting.push(send)
    if (this.#waiting.length === 1) this.#schedule()
  }

  /** Forgets what waits: the connection is gone. */
  clear(): void {
    this.#cancel()
    this.#waiting = []
  }

  /** It was too fast all the same: other tabs of the same person count, too. */
  slower(): void {
    this.#gap = Math.min(this.#gap * 2, LONGEST_GAP_MS)
  }

  #schedule(): void {
    this.#cancel = later(
      () => {
        const send = this.#waiting.shift()
        this.#next = Date.now() + this.#gap
        send?.()
        if (this.#waiting.length > 0) this.#schedule()
      },
      Math.max(0, this.#next - Date.now()),
    )
  }
}
