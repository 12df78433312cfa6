/** The unread counts and the latest `seq` of each conversation, correct in whatever order frames arrive. */
import type { ChannelFrame, UnreadTotals } from '../schema'
import { Value } from './store'

export interface Standing {
  seq: number
  unread: number
}

type Ready = Extract<ChannelFrame, { type: 'ready' }>

/** `ready` lists at most this many conversations. Older ones are only included in its totals. */
const NAMED = 500

export class Badges {
  /** Incremented whenever anything changes in any conversation. */
  readonly changed = new Value(0)
  readonly totals = new Value<UnreadTotals>({ notifications: 0, messages: 0, requests: 0 })
  /** Unread messages of conversations too old to be listed. */
  #rest = 0
  #standings = new Map<number, Standing>()

  of(user: number): Standing | undefined {
    return this.#standings.get(user)
  }

  /** Whether every conversation is known here. */
  get isWhole(): boolean {
    return this.#standings.size < NAMED
  }

  /** Returns whether anything new has happened in any conversation. */
  ready({ conversations, unread }: Ready): boolean {
    const before = this.#standings
    const isNews =
      conversations.some(([user, seq]) => seq > (before.get(user)?.seq ?? -1)) ||
      conversations.length < before.size
    this.#standings = new Map()
    this.#rest = unread.messages
    for (const [user, seq, count] of conversations) {
      const known = before.get(user)
      // What this client has received since then is newer.
      this.#standings.set(user, known && known.seq > seq ? known : { seq, unread: count })
      this.#rest -= count
    }
    this.#add(unread)
    return isNews
  }

  /** Returns whether the change is new. */
  take(user: number, standing: Standing): boolean {
    const known = this.#standings.get(user)?.seq ?? -1
    if (standing.seq < known) return false
    this.#standings.set(user, standing)
    this.#add(this.totals.getSnapshot())
    return standing.seq > known
  }

  /** Its message count is ignored: it may be older than what conversations have reported since. */
  takeTotals(unread: UnreadTotals): void {
    this.#add(unread)
  }

  #add({ notifications, requests }: UnreadTotals): void {
    let messages = this.#rest
    for (const { unread } of this.#standings.values()) messages += unread
    const now = this.totals.getSnapshot()
    const isSame =
      now.messages === messages && now.notifications === notifications && now.requests === requests
    if (!isSame) this.totals.set({ notifications, messages, requests })
    this.changed.set(this.changed.getSnapshot() + 1)
  }
}
