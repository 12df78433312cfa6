/** Messages to be sent to one person, one at a time, so that they arrive in order even if the connection fails. */
import type { Draft, Drafts } from './drafts'
import { ApiError, failure } from './errors'
import type { UploadOptions } from './options'
import type { Message } from './schema'
import { LONGEST_WAIT_SECONDS, type Transport } from './transport'
import type { Progress } from './upload'

/** A connection that can send messages. */
export interface Way {
  /** Sends a frame over the socket. */
  say(frame: object): void
  /** Drops the connection after a failure, so that the next one starts afresh. */
  drop(): void
  /** The user who is signed in on this connection. */
  whoami(): Promise<number>
  /** Ends the conversation: the connection may only send messages of the drafts' owner. */
  refuse(error: ApiError): void
}

export interface Hooks {
  progress(key: string, progress: Progress): void
  /** Drafts from before a reload. */
  restored(drafts: Draft[]): void
  /** What became of a draft. */
  settled(key: string, outcome: { message: Message } | { error: unknown }): void
}

type NewDraft = Pick<Draft, 'key' | 'content' | 'image'>

/** Longer texts may not fit into a frame. They are sent over HTTP, as images are, which also says what is wrong with them. */
const FRAME_TEXT = 10_000
/** The API remembers keys for a day. After that, it could not recognise a message that was already sent. */
const KEY_LIFE_MS = 23 * 3_600_000
export const IMAGE_BYTES = 5 * 1024 * 1024

let newest = 0

export class Outbox {
  /** The author; unknown at first in a page that only has cookies and has never asked who is signed in. */
  #owner: number | undefined
  #way: Way | undefined
  #isVerified = false
  #isSending = false
  readonly #queue: Draft[] = []
  readonly #recipient: number
  readonly #transport: Transport
  readonly #drafts: Drafts
  readonly #hooks: Hooks
  /** No newer message may be sent until the stored drafts are loaded. */
  readonly #isRestored: Promise<void>

  constructor(recipient: number, transport: Transport, drafts: Drafts, hooks: Hooks) {
    this.#recipient = recipient
    this.#transport = transport
    this.#drafts = drafts
    this.#hooks = hooks
    this.#isRestored = transport.identity().then((owner) => this.#belongTo(owner))
  }

  get owner(): number | undefined {
    return this.#owner
  }

  get unsent(): readonly Draft[] {
    return this.#queue
  }

  add({ key, content, image }: NewDraft): void {
    newest = Math.max(Date.now(), newest + 1)
    const { baseUrl: api } = this.#transport
    const draft = { key, content, image, api, owner: 0, recipient: this.#recipient, order: newest }
    this.#queue.push(draft)
    void this.#isRestored.then(() => this.#keep(draft))
    void this.#sendNext()
  }

  /** Uses this connection, or none if undefined. A message that got no answer on the last one is sent again. */
  use(way: Way | undefined): void {
    this.#way = way
    this.#isSending = false
    this.#isVerified = false
    void this.#sendNext()
  }

  /** Records what became of the draft with this key. */
  settle(key: string, outcome: { message: Message } | { error: unknown }): void {
    // A draft that was sent twice gets two answers. The second must not settle the next draft.
    if (this.#queue[0]?.key !== key) return
    this.#queue.shift()
    this.#isSending = false
    void this.#drafts.delete(key)
    this.#hooks.settled(key, outcome)
    void this.#sendNext()
  }

  /** Sends the unanswered message again, over the same connection. */
  again(): void {
    this.#isSending = false
    void this.#sendNext()
  }

  /** Stops sending. Drafts stay stored for later, unless `isForGood`. */
  stop(error: ApiError, isForGood: boolean): void {
    this.#way = undefined
    for (const { key } of this.#queue.splice(0)) {
      if (isForGood) void this.#drafts.delete(key)
      this.#hooks.settled(key, { error })
    }
  }

  /** Loads this user's unsent messages to this recipient. */
  async #belongTo(owner: number | undefined): Promise<void> {
    if (owner === undefined) return
    this.#owner = owner
    for (const draft of this.#queue) this.#keep(draft)
    const all = await this.#drafts.of(owner, this.#recipient)
    const kept = all.filter(({ key }) => !this.#queue.some((draft) => draft.key === key))
    this.#queue.unshift(...kept)
    if (kept.length > 0) this.#hooks.restored(kept)
  }

  /** Stores the draft once its author is known. */
  #keep(draft: Draft): void {
    if (!this.#owner) return
    draft.owner = this.#owner
    void this.#drafts.put(draft)
  }

  async #sendNext(): Promise<void> {
    const way = this.#way
    if (this.#queue.length === 0 || !way || this.#isSending) return
    this.#isSending = true
    await this.#isRestored
    let draft: Draft | undefined
    try {
      if (!this.#isVerified) await this.#verify(way)
      draft = this.#queue[0]
      if (this.#way !== way || !draft) return
      this.#isVerified = true
      await this.#send(draft, way)
    } catch (error) {
      // Not the first of the queue: another attempt may have settled this draft in the meantime.
      if (draft && !mayPass(error)) this.settle(draft.key, { error })
      // Without an answer, the draft stays in the queue and is retried over the next connection.
      else if (this.#way === way) way.drop()
    }
  }

  async #send(draft: Draft, way: Way): Promise<void> {
    const { key, content, image } = draft
    if (image || content.length > FRAME_TEXT) {
      const onProgress = (progress: Progress) => this.#hooks.progress(key, progress)
      const message = await post(this.#transport, this.#drafts, draft, { onProgress })
      return this.settle(key, { message })
    }
    refuseDoubtful(draft)
    draft.attemptedAt ??= Date.now()
    this.#keep(draft)
    way.say({ type: 'send', content, key })
  }

  async #verify(way: Way): Promise<void> {
    const who = await way.whoami()
    if (this.#owner === undefined) await this.#belongTo(who)
    if (this.#owner !== who) way.refuse(failure('other_user', 'Somebody else has signed in.'))
  }
}

/** Sends a draft over HTTP. It may be called repeatedly: each attempt sends the same bytes with the same key. */
export async function post(
  { prepare, call }: Transport,
  drafts: Drafts,
  draft: Draft,
  options?: UploadOptions,
): Promise<Message> {
  const { key, content, recipient } = draft
  refuseDoubtful(draft)
  const input = { ...options, maxImageBytes: IMAGE_BYTES }
  // A draft that was already attempted must not change.
  if (!draft.attemptedAt) Object.assign(draft, await prepare({ image: draft.image }, input))
  draft.attemptedAt ??= Date.now()
  await drafts.put(draft)
  return call<Message>('POST', `/messages/${recipient}/send/`, {
    ...input,
    body: { content, image: draft.image, image_thumbhash: draft.image_thumbhash },
    idempotencyKey: key,
  })
}

/** Throws if sending the draft again could duplicate it. */
function refuseDoubtful({ attemptedAt }: Draft): void {
  if (attemptedAt !== undefined && Date.now() - attemptedAt > KEY_LIFE_MS)
    throw failure('outcome_unknown', 'This message may have been sent before.')
}

/** Whether another attempt may succeed. */
export function mayPass(error: unknown): boolean {
  if (!(error instanceof ApiError)) return false
  switch (error.code) {
    case 'network':
    case 'unreadable':
    case 'unavailable':
      return true
    case 'throttled':
      return error.retryAfter <= LONGEST_WAIT_SECONDS
    default:
      // Signed out: the connection detects this too, and ends the conversation.
      return error.status === 401
  }
}
