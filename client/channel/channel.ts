/** The channel's state as stores, and the conversations that use its connection. */
import type { ChannelFrame, ConversationSummary, Notification } from '../schema'
import type { Tokens } from '../tokens'
import type { Transport } from '../transport'
import { Badges } from './badges'
import { Connection } from './connection'
import { Fetched } from './fetched'
import { Ride } from './ride'
import { Value } from './store'
import type { Live, LiveOptions, LiveStatus } from './types'

type FrameOf<Type extends ChannelFrame['type']> = Extract<ChannelFrame, { type: Type }>

const CONVERSATION = /\/messages\/(\d+)\/live\/(?:\?since=(\d+))?$/

export class Channel implements Live {
  readonly status = new Value<LiveStatus>('offline')
  readonly conversations = new Value<ConversationSummary[]>([])
  readonly #badges = new Badges()
  readonly #list: Fetched<ConversationSummary[]>
  readonly #notifications: Fetched<Notification[]>
  readonly #transport: Transport
  readonly #connection: Connection
  /** The transport's own `open`, for conversations that need a separate connection. */
  readonly #open: Transport['open']
  readonly #rides = new Map<number, Ride>()
  /** Users whose closed ride may still get an answer, which a new ride would take for its own. */
  readonly #owed = new Set<number>()
  #notified = -1

  constructor(transport: Transport, options: LiveOptions) {
    this.#transport = transport
    const { call } = transport
    this.#list = new Fetched([], () => call<ConversationSummary[]>('GET', '/messages/'))
    this.#notifications = new Fetched([], async () => {
      return (await call<{ results: Notification[] }>('GET', '/notifications/')).results
    })
    this.#list.value.subscribe(this.#show)
    this.#badges.changed.subscribe(this.#show)
    this.#connection = new Connection(transport, options, {
      receive: (frame) => this.#receive(frame),
      lost: () => this.#lose(),
      ended: (status) => this.#finish(status),
    })
    this.#open = transport.open
    transport.open = (Socket, url, kept) => this.#ride(url, kept) ?? this.#open(Socket, url, kept)
  }

  get isEnded(): boolean {
    return this.#connection.isEnded
  }

  get unread() {
    return this.#badges.totals
  }

  get notifications() {
    return this.#notifications.value
  }

  async seen(): Promise<void> {
    const [newest] = this.notifications.getSnapshot()
    if (newest) await this.#transport.call('POST', '/notifications/seen/', { body: { up_to: newest.id } })
  }

  close(): void {
    this.#connection.end('closed')
  }

  #receive(frame: ChannelFrame) {
    switch (frame.type) {
      case 'ready':
        return this.#ready(frame)
      case 'notification':
        this.#notified = frame.seq
        return this.#notifications.refresh()
      case 'unread': {
        const before = this.unread.getSnapshot().notifications
        this.#badges.takeTotals(frame.unread)
        // A notification was withdrawn, or seen elsewhere.
        if (frame.unread.notifications !== before) this.#notifications.refresh()
        return
      }
      case 'signed-out':
        return this.#connection.signOut()
      case 'feed':
        return
      case 'conversation':
        this.#change(frame)
        break
      case 'replayed':
      case 'resync':
        if (this.#badges.take(frame.user, frame)) this.#list.refresh()
    }
    const user = 'user' in frame ? frame.user : frame.to
    if (user !== undefined) this.#rides.get(user)?.receive(frame)
  }

  #ready(frame: FrameOf<'ready'>): void {
    const isFirst = this.status.getSnapshot() !== 'online'
    const isNews = this.#badges.ready(frame)
    if (isNews || isFirst) this.#list.refresh(0)
    // Withdrawing a notification that was already seen does not change `seq`.
    if (isFirst || frame.seq !== this.#notified) this.#notifications.refresh(0)
    this.#notified = frame.seq
    this.status.set('online')
    this.#connection.ready()
    for (const [user, ride] of this.#rides) {
      const newest = this.#badges.of(user)?.seq
      if (newest !== undefined) ride.compare(newest)
      // The conversation is no longer available. The API gives the reason when the conversation reconnects.
      else if (this.#badges.isWhole) ride.end()
    }
  }

  #change({ user, event, unread }: FrameOf<'conversation'>) {
    if (!this.#badges.take(user, { seq: event.seq, unread }) || event.type === 'read') return
    const known = this.#list.value.getSnapshot().find(({ id }) => id === user)
    if (event.type !== 'message' || !known) return this.#list.refresh()
    const { last_message, last_message_time, timestamp } = event.message
    const changed = { ...known, last_message, last_message_time, last_message_at: timestamp }
    this.#list.edit((list) => [changed, ...list.filter(({ id }) => id !== user)])
  }

  /** Updates the list with the current unread counts. */
  readonly #show = (): void => {
    const before = new Map(this.conversations.getSnapshot().map((shown) => [shown.id, shown]))
    const list = this.#list.value.getSnapshot().map((summary) => {
      const { seq = 0, unread = 0 } = this.#badges.of(summary.id) ?? {}
      const shown = seq < summary.seq ? summary : { ...summary, seq, unread_count: unread }
      const same = before.get(summary.id)
      return same && JSON.stringify(same) === JSON.stringify(shown) ? same : shown
    })
    const now = this.conversations.getSnapshot()
    if (list.length !== now.length || list.some((shown, i) => shown !== now[i])) this.conversations.set(list)
  }

  /** Allows one ride per person, and only for the user whom the channel belongs to. */
  #ride(url: string, kept: Tokens | undefined): Ride | undefined {
    const [, id, seq] = CONVERSATION.exec(url) ?? []
    const user = Number(id)
    if (!id || !this.#connection.takes(kept) || this.#rides.has(user) || this.#owed.has(user))
      return undefined
    const ride = new Ride(user, seq === undefined ? seq : Number(seq), {
      say: (frame) => this.#connection.say(frame),
      whenReady: () => this.#connection.whenReady(),
      newest: (user) => this.#badges.of(user)?.seq,
      // Browsers do not say why a socket was refused, but a plain request does: it answers 426 if nothing else is wrong.
      check: () =>
        this.#transport.call('GET', `/messages/${user}/live/`).catch((error) => {
          if (error.status !== 426) throw error
        }),
      left: (ride, isAsking) => {
        if (this.#rides.get(user) === ride) this.#rides.delete(user)
        if (isAsking) this.#owed.add(user)
      },
    })
    this.#rides.set(user, ride)
    return ride
  }

  #lose(): void {
    if (this.status.getSnapshot() === 'online') this.status.set('offline')
    for (const ride of [...this.#rides.values()]) ride.lose()
    this.#owed.clear()
  }

  #finish(status: LiveStatus): void {
    this.#transport.open = this.#open
    this.#list.stop()
    this.#notifications.stop()
    for (const ride of [...this.#rides.values()]) ride.end()
    this.status.set(status)
  }
}
