/**
 * Tells the channels of the two what was committed (`src/live/`): one call to each at a time, with all that has come together meanwhile. Nobody waits
 * for it. Where a call fails the channel is asked to look for itself; where that fails too, it does so within a minute.
 */

import type { Bindings } from '../../http/env'
import { callChannel } from '../../live/shared/channel'
import type { ConversationEvent } from '../shared/changes'
import { otherSide, type Pair, type Side } from '../shared/pair'
import type { Committed } from './commit-queue'

/** What waits for a channel that is slow; beyond it the channel looks for itself. */
const MAX_WAITING_EVENTS = 500
/** How long it is left alone after a failure. */
const PAUSE_MS = 1_000

interface Waiting {
  events: ConversationEvent[]
  unread: number
  /** Whether there may be more than these. */
  isMore: boolean
  isCalling: boolean
}

export interface Channels {
  tell(news: Committed): void
  /** The person of this side types. */
  tellTyping(side: Side): void
}

interface Surroundings {
  pair: Pair
  env: () => Bindings
  /** Lets the object live until that is done. */
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
        // It may have arrived: told again, it would be out of order.
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
        // Such is told to nobody who is blocked: D1 says who is.
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
          // Nobody misses it.
        }),
      )
    },
  }
}
