/** How fast clients send. Only the memory knows: after an eviction everybody starts anew. */
import type { Limits } from '../limits/limits'
import { MemoryLimit } from '../limits/memory'
import { TYPING_INTERVAL_MS } from './protocol'

export function frameRates(limits: Limits) {
  /** By user, however many sockets they have. */
  const frames = new MemoryLimit<number>(2)
  /** When it was last passed on that somebody types, in milliseconds since the epoch. */
  const typedAt = new WeakMap<WebSocket, number>()
  return {
    /** Counts a frame, and says whether it is one too many. */
    isTooFast: (userId: number, now: number): boolean => frames.use(limits.frames, userId, now) > 0,

    /** Whether it is time to pass on again that somebody types. */
    mayTellTyping(socket: WebSocket, now: number): boolean {
      if (now - (typedAt.get(socket) ?? 0) < TYPING_INTERVAL_MS) return false
      typedAt.set(socket, now)
      return true
    },
  }
}
