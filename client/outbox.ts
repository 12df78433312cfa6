/** What is to be sent to somebody: one at a time, so that it arrives in order whatever happens to the connection. */
import { ApiError } from './errors'
import type { Message } from './schema'
import type { Transport } from './transport'

export interface Draft {
  /** The same in every attempt: the API takes it once. */
  key: string
  content: string
  image?: Blob
  resolve: (message: Message) => void
  reject: (error: unknown) => void
}

interface Way {
  /** Over the socket. */
  say(frame: object): void
  /** Where that has failed: the next connection begins anew. */
  drop(): void
}

/** Longer text may not fit into a frame, and goes over HTTP like a picture, which says what is wrong with it. */
const FRAME_TEXT = 10_000

export class Outbox {
  #way: Way | undefined
  #isSending = false
  readonly #drafts: Draft[] = []

  constructor(
    private readonly userId: number,
    private readonly transport: Transport,
  ) {}

  add(draft: Draft): void {
    this.#drafts.push(draft)
    void this.#sendNext()
  }

  /** There is a way, or (undefined) none any more. What was on it without an answer is sent again. */
  use(way: Way | undefined): void {
    this.#way = way
    this.#isSending = false
    void this.#sendNext()
  }

  /** What has become of the draft with this key. */
  settle(key: string, how: (draft: Draft) => void): void {
    const [draft] = this.#drafts
    // Of two answers to one draft, which was sent again, the second says nothing about the next draft.
    if (draft?.key !== key) return
    this.#drafts.shift()
    this.#isSending = false
    how(draft)
    void this.#sendNext()
  }

  reject(why: ApiError): void {
    for (const { reject } of this.#drafts.splice(0)) reject(why)
  }

  async #sendNext(): Promise<void> {
    const [draft] = this.#drafts
    const way = this.#way
    if (!draft || !way || this.#isSending) return
    this.#isSending = true
    const { key, content, image } = draft
    if (!image && content.length <= FRAME_TEXT) return way.say({ type: 'send', content, key })
    const json = { content, ...(image && { image: image as File }) }
    const input = { param: { id: String(this.userId) }, json }
    await this.transport.call('$post', '/messages/:id{[0-9]+}/send', input, { idempotencyKey: key }).then(
      (message) => this.settle(key, ({ resolve }) => resolve(message)),
      (error: unknown) => {
        // Without an answer it stays where it is, and is tried again with the connection.
        const isLost = error instanceof ApiError && (error.status === 0 || error.status === 503)
        if (!isLost) this.settle(key, ({ reject }) => reject(error))
        else if (this.#way === way) way.drop()
      },
    )
  }
}
