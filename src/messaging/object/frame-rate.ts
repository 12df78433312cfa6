/** How fast clients send. Only the memory knows: after an eviction everybody starts anew. */
import { MAX_FRAMES_PER_SECOND, TYPING_INTERVAL_MS } from '../shared/frames'

interface Rate {
  /** Of the epoch. */
  second: number
  /** In that second. */
  frames: number
  /** When it was last passed on that somebody types, in milliseconds since the epoch. */
  typedAt: number
}

export function frameRates() {
  const rates = new WeakMap<WebSocket, Rate>()
  return {
    /** Counts a frame, and says whether it is one too many. */
    isTooFast(socket: WebSocket, now: number): boolean {
      const second = Math.floor(now / 1000)
      const before = rates.get(socket)
      const rate = before?.second === second ? before : { second, frames: 0, typedAt: before?.typedAt ?? 0 }
      rate.frames += 1
      rates.set(socket, rate)
      return rate.frames > MAX_FRAMES_PER_SECOND
    },

    /** Whether it is time to pass on again that somebody types; behind `isTooFast`. */
    mayTellTyping(socket: WebSocket, now: number): boolean {
      const rate = rates.get(socket)
      if (!rate || now - rate.typedAt < TYPING_INTERVAL_MS) return false
      rate.typedAt = now
      return true
    },
  }
}
