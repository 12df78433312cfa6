/**
 * Tells both users' channels (`src/live/`) what was committed: one call to each at a time, with everything that has accumulated. Nobody waits for it.
 * If a call fails, the next one asks the channel to check D1. If that fails too, the channel does so by itself within a minute.
 */

import type { Bindings } from '../../http/env'
import { callChannel } from '../../live/shared/channel'
import type { ConversationEvent } from '../shared/changes'
import { otherSide, type Pair, type Side } from '../shared/pair'
import type { Committed } from './commit-queue'

/** How many events wait for a slow channel. Beyond that, the channel is asked to check D1 instead. */
const MAX_WAITING_EVENTS = 500
/** The pause after a failed call. */
const PAUSE_MS = 1_000

interface Waiting {
  events: ConversationEvent[]
  unread: number
  /** Whether there may be more events than these. */
  isMore: boolean
  isCalling: boolean
}

export interface Channels {
  tell(news: Committed): void
  /** The user on this side is typing. */
  tellTyping(side: Side): void
}

interface Surroundings {
  pair: Pair
  env: () => Bindings
  /** Keeps the object alive until the work is done. */
  waitUntil: (work: Promise<unknown>) => void
}

export function channels({ pair, env, waitUntil }: Surroundings): Channels {
  const none = (): Waiting => ({ events: [], unread: 0, isMore: false, isCalling: false })
  const waiting: Record<Side, Waiting> = { a: none(), b: none() }

  async function call(side: Side): Promise<void> {
    const one = waiting[side]
    if (one.isCalling) return
    one.isCalling = true
    for (let failures = 0; failures < 2 && (one.isMore || one.events.length > 0); ) {
      const { isMore, unread } = one
      const events = one.events.splice(0)
      one.isMore = false
      try {
        await callChannel(env(), pair[side], async (channel) =>
          isMore ? channel.tellMissed() : channel.tell({ user: pair[otherSide(side)], events, unread }),
        )
        failures = 0
      } catch (error) {
        failures += 1
        // The call may have arrived, and repeating its events would break their order.
        one.isMore = failures < 2
        console.error(JSON.stringify({ error: 'A channel could not be told.', why: String(error) }))
        await new Promise((done) => setTimeout(done, PAUSE_MS))
      }
    }
    one.isCalling = false
  }

  return {
    tell({ events, isGap, isByOthers, unread }) {
      for (const side of ['a', 'b'] as const) {
        const one = waiting[side]
        // Blocked users must not learn of such changes, so the channels check D1, which knows the blocks.
        if (isGap || isByOthers || one.events.length + events.length > MAX_WAITING_EVENTS) {
          one.events.length = 0
          one.isMore = true
        } else if (!one.isMore) one.events.push(...events)
        one.unread = unread?.[side] ?? 0
        waitUntil(call(side))
      }
    },

    tellTyping(side) {
      const other = otherSide(side)
      waitUntil(
        callChannel(env(), pair[other], async (channel) => channel.tellTyping(pair[side])).catch(() => {
          // A lost typing signal does no harm.
        }),
      )
    },
  }
}
