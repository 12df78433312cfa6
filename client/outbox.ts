/** What is to be sent to somebody: one at a time, so that it arrives in order whatever happens to the connection. */
import type { Draft, Drafts } from './drafts'
import { ApiError, failure } from './errors'
import type { UploadOptions } from './options'
import type { Message } from './schema'
import { LONGEST_WAIT_SECONDS, type Transport } from './transport'
import type { Progress } from './upload'

/** A connection that messages can take. */
export interface Way {
  /** Over the socket. */
  say(frame: object): void
  /** Where that has failed: the next connection begins anew. */
  drop(): void
  /** Who is signed in on it. */
  whoami(): Promise<number>
  /** Nobody's messages but the owner's may take it: ends the conversation. */
  refuse(error: ApiError): void
}

export interface Hooks {
  progress(key: string, progress: Progress): void
  /** Drafts from before a reload. */
  restored(drafts: Draft[]): void
  /** What has become of a draft. */
  settled(key: string, outcome: { message: Message } | { error: unknown }): void
}

type NewDraft = Pick<Draft, 'key' | 'content' | 'image'>

/** Longer text may not fit into a frame, and goes over HTTP like an image, which says what is wrong with it. */
const FRAME_TEXT = 10_000
/** The API remembers keys for a day. What may have been sent before then cannot be told from something new. */
const KEY_LIFE_MS = 23 * 3_600_000
export const IMAGE_BYTES = 5 * 1024 * 1024

let newest = 0

export class Outbox {
  /** Who writes; known later where a page has only cookies and was never told. */
  #owner: number | undefined
  #way: Way | undefined
  #isVerified = false
  #isSending = false
  readonly #queue: Draft[] = []
  readonly #recipient: number
  readonly #transport: Transport
  readonly #drafts: Drafts
  readonly #hooks: Hooks
  /** Until what was kept is back, nothing newer may be sent. */
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

  /** There is a way, or (undefined) none any more. What was on it without an answer is sent again. */
  use(way: Way | undefined): void {
    this.#way = way
    this.#isSending = false
    this.#isVerified = false
    void this.#sendNext()
  }

  /** What has become of the draft with this key. */
  settle(key: string, outcome: { message: Message } | { error: unknown }): void {
    // Of two answers to one draft, which was sent again, the second says nothing about the next draft.
    if (this.#queue[0]?.key !== key) return
    this.#queue.shift()
    this.#isSending = false
    void this.#drafts.delete(key)
    this.#hooks.settled(key, outcome)
    void this.#sendNext()
  }

  /** Sends what has got no answer again, on the same way. */
  again(): void {
    this.#isSending = false
    void this.#sendNext()
  }

  /** Nothing is sent any more. What waits is kept for another time, unless there will be none. */
  stop(error: ApiError, isForGood: boolean): void {
    this.#way = undefined
    for (const { key } of this.#queue.splice(0)) {
      if (isForGood) void this.#drafts.delete(key)
      this.#hooks.settled(key, { error })
    }
  }

  /** Takes up what this person had not sent to this recipient. */
  async #belongTo(owner: number | undefined): Promise<void> {
    if (owner === undefined) return
    this.#owner = owner
    for (const draft of this.#queue) this.#keep(draft)
    const all = await this.#drafts.of(owner, this.#recipient)
    const kept = all.filter(({ key }) => !this.#queue.some((draft) => draft.key === key))
    this.#queue.unshift(...kept)
    if (kept.length > 0) this.#hooks.restored(kept)
  }

  /** As soon as it is known whose it is. */
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
      // Not the first of the queue: another attempt of this one may have succeeded meanwhile.
      if (draft && !mayPass(error)) this.settle(draft.key, { error })
      // Without an answer it stays where it is, and is tried again with the next connection.
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

/** Over HTTP, as often as it takes: each attempt sends the same bytes with the same key. */
export async function post(
  { prepare, call }: Transport,
  drafts: Drafts,
  draft: Draft,
  options?: UploadOptions,
): Promise<Message> {
  const { key, content, recipient } = draft
  refuseDoubtful(draft)
  const input = { ...options, maxImageBytes: IMAGE_BYTES }
  // What was sent before may not change.
  if (!draft.attemptedAt) Object.assign(draft, await prepare({ image: draft.image }, input))
  draft.attemptedAt ??= Date.now()
  await drafts.put(draft)
  return call<Message>('POST', `/messages/${recipient}/send/`, {
    ...input,
    body: { content, image: draft.image, image_thumbhash: draft.image_thumbhash },
    idempotencyKey: key,
  })
}

/** Throws where sending it again could double it. */
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
      // Signed out: the connection finds that out, too, and ends the conversation.
      return error.status === 401
  }
}
