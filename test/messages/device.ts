/** A device of somebody in a conversation: what a client knows of it that keeps to the protocol. */
import type { MessageAnswer } from '../../src/messaging/shared/message-schemas'
import type { Person } from '../client'
import { type Change, type Listening, listen } from '../sockets'

/** Less than the 20 that are allowed, as the object's seconds are not ours. */
const FRAMES_A_SECOND = 9

/** What is compared: all but what is said of the conversation, which is as new as the frame. */
export const comparable = ({ last_message, last_message_time, ...message }: MessageAnswer) => message
export type Known = ReturnType<typeof comparable>

/** A device: it knows what frames told it, and comes back from where it was. */
export class Device {
  readonly messages = new Map<number, Known>()
  readonly problems: string[] = []
  last = 0
  #socket: Listening | undefined
  #seen = 0
  #frames = { second: 0, count: 0 }

  constructor(
    readonly person: Person,
    readonly other: Person,
  ) {}

  /** Opens the socket if there is none, taking what has come over the one before. */
  async connect(): Promise<Listening> {
    this.take()
    if (this.#socket && !this.#socket.isClosed()) return this.#socket
    this.#seen = 0
    const { promise: opened, resolve, reject } = Promise.withResolvers<Listening>()
    // While the object's D1 fails the upgrade is answered 503.
    for (let attempt = 1; ; attempt++) {
      const socket = await listen(this.person, this.other, { since: this.last }).catch((error: unknown) => {
        if (attempt === 10) reject(error)
      })
      if (socket) resolve(socket)
      if (socket || attempt === 10) break
    }
    this.#socket = await opened
    return this.#socket
  }

  async disconnect(): Promise<void> {
    this.#socket?.close()
    // What was sent before the socket closed still arrives.
    await this.#socket?.closed
    this.take()
  }

  /** The socket, if it is open and not too busy. */
  get free(): Listening | undefined {
    const second = Math.floor(Date.now() / 1000)
    if (this.#frames.second !== second) this.#frames = { second, count: 0 }
    if (!this.#socket || this.#socket.isClosed() || this.#frames.count >= FRAMES_A_SECOND) return undefined
    this.#frames.count += 1
    return this.#socket
  }

  /** Reads what has come; says how far that goes. */
  take(): number {
    const changes = this.#socket?.changes() ?? []
    for (const change of changes.slice(this.#seen)) this.#apply(change)
    this.#seen = changes.length
    return this.last
  }

  #apply(change: Change): void {
    const wrong = (what: string) =>
      this.problems.push(`${what}: ${JSON.stringify(change)} after ${this.last}`)
    if (change.prev !== this.last || change.seq <= change.prev) wrong('broken chain')
    this.last = change.seq
    if (change.type === 'cleared') this.messages.clear()
    else if (change.type === 'deleted') this.messages.delete(change.id)
    else if (change.type === 'read') {
      for (const message of this.messages.values())
        if (message.sender !== change.user && message.seq <= change.up_to) message.read = true
    } else {
      const { message } = change
      if (this.messages.has(message.id) !== (change.type === 'edited')) wrong('not new, or not known')
      this.messages.set(message.id, comparable(message))
    }
  }
}
