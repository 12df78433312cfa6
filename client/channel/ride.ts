/**
 * A conversation that uses the channel's connection. To `LiveConversation` it looks like a socket of the API: it sends `ready`, each change names the
 * one before it, and it closes when the channel is lost, so that the conversation then opens another.
 */
import type { Socket } from '../link'
import { later } from '../platform'
import type { ChannelFrame, ServerFrame } from '../schema'

type ChangeFrame = Extract<ServerFrame, { prev: number }>
/** Frames that belong to one conversation, or to a message to somebody. */
export type FrameToRide = Exclude<
  ChannelFrame,
  { type: 'ready' | 'notification' | 'unread' | 'feed' | 'signed-out' }
>

export interface Ways {
  say(frame: object): void
  /** Whether the channel becomes ready in time. */
  whenReady(): Promise<boolean>
  /** The newest seq of the conversation; undefined if the channel does not know the conversation. */
  newest(user: number): number | undefined
  /** Rejects if there can be no conversation with this person. */
  check(user: number): Promise<unknown>
  /** The ride has ended. `isAsking`: a request of this ride may still be answered. */
  left(ride: Ride, isAsking: boolean): void
}

type Listener = (event: { data?: string; code?: number }) => void

/** A `since` that no conversation reaches: the answer gives its current seq. */
const NOWHERE = Number.MAX_SAFE_INTEGER
/** How long to wait for a frame that another has overtaken. */
const ON_ITS_WAY_MS = 1_000
/** An unanswered request is repeated after this time. */
const ANSWER_MS = 10_000
const CLOSED = 3

export class Ride implements Socket {
  readyState = 0
  readonly user: number
  readonly #ways: Ways
  readonly #listeners: [string, Listener][] = []
  /** Every change up to this seq has arrived; undefined until the current seq is known. */
  #have: number | undefined
  /** The newest seq that the conversation has been told. */
  #told: number | undefined
  #heard = 0
  #isAsking = false
  #isWaiting = true
  #cancel: () => void = () => undefined

  constructor(user: number, since: number | undefined, ways: Ways) {
    this.user = user
    this.#ways = ways
    this.#have = since
    this.#told = since
    void this.#open().catch(() => this.end())
  }

  addEventListener(type: string, listener: Listener): void {
    this.#listeners.push([type, listener])
  }

  send(data: string) {
    if (this.readyState !== 1) return
    // The channel has its own heartbeat.
    if (data === 'ping') return this.#tell('message', { data: 'pong' })
    this.#ways.say({ ...JSON.parse(data), to: this.user })
  }

  close(): void {
    this.end(1000)
  }

  /** Ends the ride, by default as a cut connection would: without a code of the API. */
  end(code = 1006): void {
    if (this.readyState === CLOSED) return
    this.readyState = CLOSED
    this.#cancel()
    this.#ways.left(this, this.#isAsking)
    this.#tell('close', { code })
  }

  /** The channel has lost its connection. */
  lose(): void {
    if (!this.#isWaiting) this.end()
  }

  receive(frame: FrameToRide) {
    switch (frame.type) {
      case 'conversation':
        return this.#change(frame.event)
      case 'replayed':
      case 'resync':
        return this.#answered(frame)
      case 'typing':
        return this.#pass(frame)
      case 'error':
        if (frame.key !== undefined || frame.code !== 'throttled') return this.#pass(frame)
        return this.#ask(((frame.retry_after ?? 1) + Math.random()) * 1000)
      default:
        return this.#pass(frame)
    }
  }

  /** The conversation's newest seq is now this. */
  compare(newest: number): void {
    if (this.#have === undefined || newest <= this.#have) return
    this.#heard = Math.max(this.#heard, newest)
    if (!this.#isAsking) this.#ask(ON_ITS_WAY_MS)
  }

  async #open(): Promise<void> {
    const isReady = await this.#ways.whenReady()
    this.#isWaiting = false
    if (!isReady) return this.end()
    const newest = this.#ways.newest(this.user)
    if (newest === undefined) await this.#ways.check(this.user)
    if (this.readyState === CLOSED) return
    if (newest === undefined || (this.#have !== undefined && this.#have !== newest)) return this.#ask(0)
    this.#begin(newest)
  }

  /** Opens the ride at this seq. */
  #begin(newest: number): void {
    this.readyState = 1
    this.#have ??= newest
    this.#tell('open', {})
    this.#announce(newest)
  }

  #announce(newest: number): void {
    if (this.#told === undefined || this.#told > newest) this.#told = newest
    this.#pass({ type: 'ready', seq: newest })
  }

  #change(event: ChangeFrame) {
    if (this.#have === undefined || event.seq <= this.#have) return
    if (event.prev > this.#have) return this.#miss(event.seq)
    // Part of the answer to a ride that is not open yet.
    if (this.readyState === 0) this.#begin(this.#have)
    this.#have = event.seq
    this.#pass({ ...event, prev: this.#told })
    this.#told = event.seq
  }

  #miss(seq: number): void {
    this.#heard = Math.max(this.#heard, seq)
    if (!this.#isAsking) this.#ask(0)
  }

  #ask(milliseconds: number): void {
    this.#isAsking = true
    this.#cancel()
    this.#cancel = later(() => {
      if (this.#have !== undefined && this.readyState === 1 && this.#heard <= this.#have) {
        this.#isAsking = false
        return
      }
      this.#ways.say({ type: 'replay', to: this.user, since: this.#have ?? NOWHERE })
      this.#ask(ANSWER_MS)
    }, milliseconds)
  }

  #answered({ type, seq }: { type: string; seq: number }): void {
    if (!this.#isAsking) return
    this.#isAsking = false
    this.#cancel()
    const isLost = type === 'resync' && this.#have !== undefined
    if (isLost) this.#have = this.#heard = seq
    if (this.readyState === 0) this.#begin(seq)
    else if (isLost) this.#announce(seq)
    if (isLost) this.#pass({ type: 'resync' })
    this.#have = Math.max(this.#have ?? 0, seq)
    if (this.#heard > this.#have) this.#ask(0)
  }

  #pass(frame: object): void {
    if (this.readyState === 1) this.#tell('message', { data: JSON.stringify(frame) })
  }

  #tell(type: string, event: { data?: string; code?: number }): void {
    for (const [wanted, listener] of this.#listeners) if (wanted === type) listener(event)
  }
}
