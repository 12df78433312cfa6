/** Limits how fast clients send. Counted in memory only: an eviction resets the counts. */
import type { Limits } from '../limits/limits'
import { MemoryLimit } from '../limits/memory'
import { TYPING_INTERVAL_MS } from './protocol'

export function frameRates(limits: Limits) {
  /** Per user, across all of the user's sockets. */
  const frames = new MemoryLimit<number>(2)
  /** When a typing signal was last passed on, in milliseconds since the epoch. */
  const typedAt = new WeakMap<WebSocket, number>()
  return {
    /** Counts a frame, and tells whether it exceeds the limit. */
    isTooFast: (userId: number, now: number): boolean => frames.use(limits.frames, userId, now) > 0,

    /** Whether enough time has passed to pass on another typing signal. */
    mayTellTyping(socket: WebSocket, now: number): boolean {
      if (now - (typedAt.get(socket) ?? 0) < TYPING_INTERVAL_MS) return false
      typedAt.set(socket, now)
      return true
    },
  }
}
