/** Spaces frames out, so that the API's limit per second is never exceeded. */
import { later } from './platform'

/** 15 a second; the API accepts 20. */
const GAP_MS = 1000 / 15
const LONGEST_GAP_MS = 1000

export class Pace {
  #gap = GAP_MS
  #next = 0
  #cancel: () => void = () => undefined
  #waiting: (() => void)[] = []

  /** Runs `send` in its turn. */
  run(send: () => void): void {
    this.#waiting.push(send)
    if (this.#waiting.length === 1) this.#schedule()
  }

  /** Discards everything waiting, because the connection is gone. */
  clear(): void {
    this.#cancel()
    this.#waiting = []
  }

  /** The limit was exceeded anyway, because other tabs of the same user count too. */
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
