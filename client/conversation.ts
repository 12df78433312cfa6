/**
 * A conversation that stays: it connects, comes back after every interruption where it left off, and sends what was written
 * meanwhile, once each and in order.
 */
import type { ServerFrame } from '../src/messaging/shared/frames'
import { ApiError, type FieldErrors } from './errors'
import { type Link, type Loss, link } from './link'
import { Outbox } from './outbox'
import { later, platform } from './platform'
import { Readers } from './readers'
import type { Message } from './schema'
import type { Transport } from './transport'

/** What happens: the frames of the API, whether there is a connection, and that there will be none any more. */
export type ConversationEvent =
  | Exclude<ServerFrame, { type: 'sent' } | { type: 'error' }>
  | { type: 'online' }
  | { type: 'offline' }
  /** The API refuses for good: signed out (401), or nobody is there (404). The last event. */
  | { type: 'refused'; error: ApiError }

export interface ConversationOptions {
  /** Begin behind this seq. Without it: with what comes from now on. */
  since?: number
  /** Another implementation, where there is no global one. */
  WebSocket?: typeof WebSocket
}

const FIRST_PAUSE = 250
const LONGEST_PAUSE = 15_000
/** More frames than 20 a second would end the connection. */
const TYPING_EVERY = 1_000
const READ_EVERY = 200
/** What a header can carry. */
const KEY = /^[\x21-\x7e]{1,255}$/
/** What no next try will change. */
const FINAL = new Set([401, 403, 404])

export class Conversation implements AsyncIterable<ConversationEvent> {
  /** Everything up to here has come. To begin there another time, keep the `seq` of the last event that was dealt with. */
  seq: number | undefined
  #link: Link | undefined
  #isReady = false
  #end: ApiError | undefined
  #pause = FIRST_PAUSE
  #cancelRetry: () => void = () => undefined
  #typedAt = 0
  #readUpTo = 0
  #cancelRead: (() => void) | undefined
  readonly #outbox: Outbox
  readonly #readers = new Readers<ConversationEvent>()

  constructor(
    readonly userId: number,
    private readonly transport: Transport,
    private readonly options: ConversationOptions,
  ) {
    this.seq = options.since
    this.#outbox = new Outbox(userId, transport)
    // Browsers say when there is a way again: no need to wait out the pause.
    platform.addEventListener?.('online', this.#connect)
    platform.addEventListener?.('offline', this.#drop)
    this.#connect()
  }

  /** Sends; resolves when the message is stored. What is written offline waits. Rejects with `ApiError` for what the API refuses. */
  send(
    content: string,
    { image, key = crypto.randomUUID() }: { image?: Blob; key?: string } = {},
  ): Promise<Message> {
    if (this.#end) return Promise.reject(this.#end)
    if (!KEY.test(key)) return Promise.reject(new ApiError(0, 'A key has 1 to 255 visible ASCII characters.'))
    return new Promise((resolve, reject) => {
      this.#outbox.add({ key, content, resolve, reject, ...(image && { image }) })
    })
  }

  /** Marks what the other person sent as read, up to this seq: also what is read offline. */
  read(upTo: number): void {
    if (!Number.isSafeInteger(upTo) || upTo <= this.#readUpTo) return
    this.#readUpTo = upTo
    this.#cancelRead ??= later(this.#sayRead, READ_EVERY)
  }

  /** Tells the other person that somebody types; as often as keys are pressed, if you like. */
  typing(): void {
    if (Date.now() - this.#typedAt < TYPING_EVERY) return
    this.#typedAt = Date.now()
    this.#say({ type: 'typing' })
  }

  /** Ends it. What was not sent by then is rejected. */
  close(): void {
    if (this.#cancelRead) this.#sayRead()
    this.#finish(new ApiError(0, 'The conversation was closed.'))
  }

  /** Events from now on, until `close`. Several may read. */
  [Symbol.asyncIterator](): AsyncIterableIterator<ConversationEvent> {
    return this.#readers.read()
  }

  #finish(why: ApiError): void {
    if (this.#end) return
    this.#end = why
    this.#cancelRetry()
    platform.removeEventListener?.('online', this.#connect)
    platform.removeEventListener?.('offline', this.#drop)
    this.#drop()
    this.#outbox.reject(why)
    this.#readers.end()
  }

  readonly #drop = () => this.#link?.drop()

  /** Not as soon as it is open: what is closed again at once is not to be asked more often. */
  readonly #relax = () => {
    this.#pause = FIRST_PAUSE
  }

  readonly #connect = () => {
    if (this.#link || this.#end) return
    this.#cancelRetry()
    const { baseUrl, usesCookies, tokens } = this.transport
    const url = new URL(`${baseUrl}/messages/${this.userId}/live/`)
    url.protocol = url.protocol.replace('http', 'ws')
    if (this.seq !== undefined) url.searchParams.set('since', String(this.seq))
    const access = usesCookies ? undefined : tokens.get()?.access
    const Socket = this.options.WebSocket ?? WebSocket
    this.#link = link(access ? new Socket(url.href, ['bearer', access]) : new Socket(url.href), {
      receive: (frame) => this.#receive(frame),
      alive: this.#relax,
      lost: (why) => void this.#lost(why, access),
    })
  }

  async #lost(why: Loss, access: string | undefined): Promise<void> {
    this.#link = undefined
    if (this.#isReady) this.#readers.tell({ type: 'offline' })
    this.#isReady = false
    this.#outbox.use(undefined)
    if (this.#end) return
    const error = await this.#find(why, access).catch((error: unknown) => error)
    if (this.#end) return
    if (error instanceof ApiError && FINAL.has(error.status)) {
      this.#readers.tell({ type: 'refused', error })
      return this.#finish(error)
    }
    this.#cancelRetry = later(this.#connect, this.#pause * (0.5 + Math.random()))
    this.#pause = Math.min(this.#pause * 2, LONGEST_PAUSE)
  }

  /** Finds out what is the matter, and renews the token where that is all. Throws what the API says to it. */
  async #find(why: Loss, access: string | undefined): Promise<void> {
    if (why === 'signed out') await this.transport.renew(access)
    // Pages are not told why a socket is refused, but a plain request is: 426 where nothing else is wrong.
    if (why === 'refused') {
      await this.transport.call('$get', '/messages/:id{[0-9]+}/live', {
        param: { id: String(this.userId) },
        query: {},
      })
    }
  }

  #receive(frame: ServerFrame): void {
    if (frame.type === 'ready') this.#ready(frame.seq)
    if (frame.type === 'sent') this.#outbox.settle(frame.key, ({ resolve }) => resolve(frame.message))
    else if (frame.type === 'error') this.#refused(frame)
    // Each frame names the one before it: where that is another, something was missed, and is asked for again.
    else if ('prev' in frame && this.seq !== undefined && frame.prev !== this.seq) this.#drop()
    else {
      if ('prev' in frame) {
        this.seq = frame.seq
        this.#relax()
      }
      this.#readers.tell(frame)
    }
  }

  #ready(newest: number): void {
    // One that is ahead is told `resync` next: what this client has is to be fetched anew.
    if (this.seq === undefined || this.seq > newest) this.seq = newest
    this.#isReady = true
    this.#readers.tell({ type: 'online' })
    if (this.#readUpTo > 0) this.#sayRead()
    this.#outbox.use({ say: (frame) => this.#say(frame), drop: this.#drop })
  }

  #refused({ key, code, errors }: Extract<ServerFrame, { type: 'error' }>): void {
    // What the API could not do this moment stays, and is tried again with the next connection.
    if (code === 'unavailable') this.#drop()
    else if (key !== undefined) {
      const { detail, ...fields } = errors as FieldErrors
      const error = new ApiError(400, detail?.join(' '), fields)
      this.#outbox.settle(key, ({ reject }) => reject(error))
    }
  }

  #say(frame: object): void {
    if (this.#isReady) this.#link?.send(frame)
  }

  readonly #sayRead = () => {
    this.#cancelRead?.()
    this.#cancelRead = undefined
    this.#say({ type: 'read', up_to: this.#readUpTo })
  }
}
