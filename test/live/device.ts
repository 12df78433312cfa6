/** A device of somebody: what a client knows that has nothing but a channel, and keeps to the protocol. */
import type { ConversationState } from '../../src/live/object/state-queries'
import type { FrameOf, ServerFrame } from '../../src/live/shared/frames'
import type { Unread } from '../../src/notifications/queries'
import type { Answer, Person } from '../client'
import { comparable, type Known } from '../messages/device'
import { type ChannelSocket, openChannel } from './channel'

/** Two devices of one person share the 20 frames that are allowed, and the object's seconds are not ours. */
const FRAMES_A_SECOND = 7
/** As often as a test's request, which tells of everything. */
const ATTEMPTS = 10

interface Thread {
  messages: Map<number, Known>
  /** Everything up to here is known, and the newest seq that was heard of. */
  have: number
  heard: number
  unread: number
  isReplaying: boolean
}

export class Device {
  readonly threads = new Map<number, Thread>()
  readonly problems: string[] = []
  /** Kind and post of each notification that it knows. */
  readonly notified = new Set<string>()
  unread: Unread = { notifications: 0, messages: 0, requests: 0 }
  replays = 0
  resyncs = 0
  fetches = 0
  #socket: ChannelSocket | undefined
  #taken = 0
  #seq: number | undefined
  /** What is unread where `ready` did not say. */
  #rest = 0
  #isListStale = true
  #told = new Set<string>()
  #frames = { second: 0, count: 0 }

  constructor(readonly person: Person) {}

  /** Opens the socket if there is none, taking what has come over the one before. */
  async connect(): Promise<void> {
    this.take()
    if (this.#socket && !this.#socket.isClosed()) return
    this.#taken = 0
    for (const thread of this.threads.values()) thread.isReplaying = false
    for (let attempt = 1; ; attempt++) {
      try {
        this.#socket = await openChannel(this.person)
        this.#told = new Set()
        return this.take()
      } catch (error) {
        // While the object's D1 fails the upgrade is answered 503.
        if (attempt === ATTEMPTS) throw error
      }
    }
  }

  async drop(): Promise<void> {
    this.#socket?.close()
    await this.#socket?.closed
    this.take()
  }

  /** The socket, if it is open and not too busy. */
  get free(): ChannelSocket | undefined {
    const second = Math.floor(Date.now() / 1000)
    if (this.#frames.second !== second) this.#frames = { second, count: 0 }
    if (!this.#socket || this.#socket.isClosed() || this.#frames.count >= FRAMES_A_SECOND) return undefined
    this.#frames.count += 1
    return this.#socket
  }

  thread(user: number): Thread {
    const known = this.threads.get(user) ?? {
      messages: new Map(),
      have: 0,
      heard: 0,
      unread: 0,
      isReplaying: false,
    }
    this.threads.set(user, known)
    return known
  }

  /** All messages that are unread. */
  get unreadMessages(): number {
    return [...this.threads.values()].reduce((sum, { unread }) => sum + unread, this.#rest)
  }

  /** Reads what has come. */
  take(): void {
    const frames = this.#socket?.frames ?? []
    for (const frame of frames.slice(this.#taken)) if (frame !== 'pong') this.#receive(frame)
    this.#taken = frames.length
  }

  /** Asks for what it knows to be missing; whether it lacks nothing. */
  async mend(): Promise<boolean> {
    this.take()
    for (const [user, thread] of this.threads) {
      if (thread.isReplaying || thread.heard <= thread.have) continue
      const socket = this.free
      if (!socket) continue
      thread.isReplaying = true
      this.replays += 1
      socket.send({ type: 'replay', to: user, since: thread.have })
    }
    if (this.#isListStale) await this.#fetchList()
    return [...this.threads.values()].every(({ have, heard, isReplaying }) => have >= heard && !isReplaying)
  }

  /** The device asks because its user looks at it. */
  async #fetchList(): Promise<void> {
    this.#isListStale = false
    this.fetches += 1
    for (let next: string | null = '/notifications/?page_size=100'; next; ) {
      const { status, body }: Answer = await this.person.get(next)
      if (status !== 200) {
        this.#isListStale = true
        return
      }
      for (const one of body.results) this.notified.add(keyOf(one))
      next = body.next
    }
  }

  #receive(frame: ServerFrame): void {
    switch (frame.type) {
      case 'ready':
        this.#ready(frame)
        return
      case 'conversation':
        this.#change(frame)
        return
      case 'replayed':
      case 'resync': {
        const thread = this.thread(frame.user)
        thread.isReplaying = false
        if (frame.type === 'resync') {
          this.resyncs += 1
          this.problems.push(`resync: ${JSON.stringify(frame)} at ${thread.have}`)
        }
        if (frame.seq >= thread.have) thread.unread = frame.unread
        thread.have = Math.max(thread.have, frame.seq)
        return
      }
      case 'notification':
        this.#notification(frame)
        return
      case 'unread':
        this.unread = { ...frame.unread, messages: this.unread.messages }
        return
      case 'error':
        // A replay that could not be had is asked for again.
        if (frame.key === undefined && frame.to !== undefined) this.thread(frame.to).isReplaying = false
    }
  }

  #ready({ conversations, unread, seq }: FrameOf<'ready'>): void {
    const sum = conversations.reduce((sum, [, , unread]) => sum + unread, 0)
    this.#rest = unread.messages - sum
    this.unread = unread
    for (const [user, newest, unread] of conversations as ConversationState[]) {
      const thread = this.thread(user)
      if (newest >= thread.have) thread.unread = unread
      thread.heard = Math.max(thread.heard, newest)
    }
    if (this.#seq !== seq) this.#isListStale = true
    this.#seq = seq
  }

  #change({ user, event, unread }: FrameOf<'conversation'>): void {
    const thread = this.thread(user)
    thread.heard = Math.max(thread.heard, event.seq)
    // A repeat, or a gap before it.
    if (event.seq <= thread.have || event.prev > thread.have) return
    thread.have = event.seq
    thread.unread = unread
    const { messages } = thread
    switch (event.type) {
      case 'cleared':
        messages.clear()
        return
      case 'deleted':
        messages.delete(event.id)
        return
      case 'read':
        for (const message of messages.values())
          if (message.sender !== event.user && message.seq <= event.up_to) message.read = true
        return
      default:
        if (event.type === 'edited' && !messages.has(event.message.id))
          this.problems.push(`not known: ${JSON.stringify(event)}`)
        messages.set(event.message.id, comparable(event.message))
    }
  }

  #notification({ seq, prev, notifications }: FrameOf<'notification'>): void {
    if (prev !== this.#seq || notifications === null) this.#isListStale = true
    this.#seq = seq
    for (const one of notifications ?? []) {
      const key = keyOf(one)
      if (this.#told.has(key)) this.problems.push(`told twice: ${key}`)
      this.#told.add(key)
      this.notified.add(key)
    }
  }
}

export const keyOf = ({
  kind,
  post,
  actors,
}: {
  kind: string
  post: number | null
  actors: { id: number }[]
}) => `${kind} ${post ?? actors[0]?.id}`
