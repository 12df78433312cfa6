/**
 * A conversation that stays: it connects, comes back after every interruption where it left off, and sends what was written
 * meanwhile, once each and in order.
 */
import type { ServerFrame } from '../src/messaging/frames'
import { ApiError, type FieldErrors } from './errors'
import { platform } from './platform'
import type { Message } from './schema'
import type { Transport } from './transport'

/** What happens: the frames of the API, and whether there is a connection. */
export type ConversationEvent =
  | Exclude<ServerFrame, { type: 'sent' } | { type: 'error' }>
  | { type: 'online' }
  | { type: 'offline' }

export interface ConversationOptions {
  /** Begin behind this seq. Without it: with what comes from now on. */
  since?: number
  /** Another implementation, where there is no global one. */
  WebSocket?: typeof WebSocket
}

interface Draft {
  key: string
  content: string
  image?: Blob
  resolve: (message: Message) => void
  reject: (error: unknown) => void
}

const SIGNED_OUT = 4401
const FIRST_PAUSE = 250
const LONGEST_PAUSE = 15_000
const HEARTBEAT = 15_000

export class Conversation implements AsyncIterable<ConversationEvent> {
  /** Everything up to here was yielded: what to begin behind next time. */
  seq: number | undefined
  #socket: WebSocket | undefined
  #isReady = false
  #isClosed = false
  #isSending = false
  #pause = FIRST_PAUSE
  #cancelRetry: () => void = () => undefined
  readonly #drafts: Draft[] = []
  readonly #readers = new Set<(event: ConversationEvent | undefined) => void>()

  constructor(
    readonly userId: number,
    private readonly transport: Transport,
    private readonly options: ConversationOptions,
  ) {
    this.seq = options.since
    // Browsers say when there is a way again: no need to wait out the pause.
    platform.addEventListener?.('online', this.#connectNow)
    platform.addEventListener?.('offline', this.#goOffline)
    void this.#connect()
  }

  /** Sends; resolves when the message is stored. What is written offline waits. Rejects with `ApiError` for what the API refuses. */
  send(
    content: string,
    { image, key = crypto.randomUUID() }: { image?: Blob; key?: string } = {},
  ): Promise<Message> {
    return new Promise((resolve, reject) => {
      this.#drafts.push({ key, content, resolve, reject, ...(image && { image }) })
      void this.#sendNext()
    })
  }

  /** Marks what the other person sent as read, up to this seq. */
  read(upTo: number): void {
    this.#say({ type: 'read', up_to: upTo })
  }

  /** Tells the other person that somebody types. */
  typing(): void {
    this.#say({ type: 'typing' })
  }

  /** Ends it. What was not sent by then is rejected. */
  close(): void {
    this.#isClosed = true
    this.#cancelRetry()
    platform.removeEventListener?.('online', this.#connectNow)
    platform.removeEventListener?.('offline', this.#goOffline)
    this.#socket?.close(1000)
    for (const { reject } of this.#drafts.splice(0)) reject(new ApiError(0, 'The conversation was closed.'))
    for (const reader of this.#readers) reader(undefined)
  }

  /** Events from now on, until `close`. Several may read. */
  async *[Symbol.asyncIterator](): AsyncGenerator<ConversationEvent> {
    const waiting: (ConversationEvent | undefined)[] = []
    let wake: () => void = () => undefined
    const reader = (event: ConversationEvent | undefined) => {
      waiting.push(event)
      wake()
    }
    this.#readers.add(reader)
    try {
      for (;;) {
        if (waiting.length === 0) {
          if (this.#isClosed) return
          await new Promise<void>((resolve) => {
            wake = resolve
          })
        }
        const event = waiting.shift()
        if (!event) return
        yield event
      }
    } finally {
      this.#readers.delete(reader)
    }
  }

  /** Does not wait for the other side to agree. */
  #drop(): void {
    const socket = this.#socket
    socket?.close(1000)
    if (socket) void this.#lost(socket, true, undefined)
  }

  readonly #goOffline = () => this.#drop()

  readonly #connectNow = () => {
    if (this.#socket || this.#isClosed) return
    this.#cancelRetry()
    void this.#connect()
  }

  async #connect(): Promise<void> {
    const { baseUrl, usesCookies, tokens } = this.transport
    const url = new URL(`${baseUrl}/messages/${this.userId}/live/`)
    url.protocol = url.protocol.replace('http', 'ws')
    if (this.seq !== undefined) url.searchParams.set('since', String(this.seq))
    const access = tokens.get()?.access
    const Socket = this.options.WebSocket ?? WebSocket
    const socket = usesCookies || !access ? new Socket(url.href) : new Socket(url.href, ['bearer', access])
    this.#socket = socket
    let opened = false
    let isAlive = true
    const lost = (code?: number) => {
      clearInterval(heartbeat)
      void this.#lost(socket, opened && code !== SIGNED_OUT, access)
    }
    // A way that is gone says nothing for minutes: whatever answers no ping is given up.
    const heartbeat = setInterval(() => {
      if (!isAlive) {
        socket.close(1000)
        lost()
      } else if (socket.readyState === Socket.OPEN) {
        isAlive = false
        socket.send('ping')
      }
    }, HEARTBEAT)
    socket.addEventListener('open', () => {
      opened = true
    })
    socket.addEventListener('message', ({ data }) => {
      isAlive = true
      if (this.#socket === socket && data !== 'pong') this.#receive(JSON.parse(String(data)))
    })
    socket.addEventListener('close', ({ code }) => lost(code))
  }

  /** A refused upgrade tells a page nothing: the token may have run out, so it is renewed before the next try. */
  async #lost(socket: WebSocket, wasGood: boolean, access: string | undefined): Promise<void> {
    if (this.#socket !== socket) return
    this.#socket = undefined
    if (this.#isReady) this.#tell({ type: 'offline' })
    this.#isReady = false
    this.#isSending = false
    if (this.#isClosed) return
    if (!wasGood) {
      const refused = await this.transport.renew(access).catch((error: unknown) => error)
      if (refused instanceof ApiError && refused.status === 401) return this.close()
    }
    const retry = setTimeout(this.#connectNow, this.#pause * (0.5 + Math.random()))
    this.#cancelRetry = () => clearTimeout(retry)
    this.#pause = Math.min(this.#pause * 2, LONGEST_PAUSE)
  }

  #receive(frame: ServerFrame): void {
    if (frame.type === 'sent') this.#settle(frame.key, ({ resolve }) => resolve(frame.message))
    else if (frame.type === 'error') this.#refused(frame)
    else if ('prev' in frame) {
      // Each frame names the one before it: where that is another, something was missed, and is asked for again.
      if (this.seq !== undefined && frame.prev !== this.seq) this.#drop()
      else {
        this.seq = frame.seq
        this.#tell(frame)
      }
    } else {
      // After a resync the next frame tells where the API is: what this client has is to be fetched anew.
      if (frame.type === 'resync') this.seq = undefined
      if (frame.type === 'ready') this.#ready(frame.seq)
      this.#tell(frame)
    }
  }

  #ready(newest: number): void {
    this.seq ??= newest
    this.#isReady = true
    this.#pause = FIRST_PAUSE
    this.#tell({ type: 'online' })
    void this.#sendNext()
  }

  #refused({ key, code, errors }: Extract<ServerFrame, { type: 'error' }>): void {
    // What the API could not do this moment stays, and is tried again with the next connection.
    if (code === 'unavailable') this.#drop()
    else if (key !== undefined) {
      const { detail, ...fields } = errors as FieldErrors
      const error = new ApiError(400, detail?.join(' '), fields)
      this.#settle(key, ({ reject }) => reject(error))
    }
  }

  #tell(event: ConversationEvent): void {
    for (const reader of this.#readers) reader(event)
  }

  #say(frame: object): void {
    if (this.#isReady) this.#socket?.send(JSON.stringify(frame))
  }

  /** One at a time, so that they arrive in order whatever happens to the connection. */
  async #sendNext(): Promise<void> {
    const [draft] = this.#drafts
    if (!draft || this.#isSending || !this.#isReady) return
    this.#isSending = true
    if (!draft.image) return this.#say({ type: 'send', content: draft.content, key: draft.key })
    // Pictures go over HTTP: a frame holds text.
    const json = { content: draft.content, image: draft.image as File }
    const input = { param: { id: String(this.userId) }, json }
    await this.transport
      .call('$post', '/messages/:id{[0-9]+}/send', input, { idempotencyKey: draft.key })
      .then(
        (message) => this.#settle(draft.key, ({ resolve }) => resolve(message)),
        (error: unknown) => {
          // Without an answer it stays where it is, and is tried again with the connection.
          const isRefused = error instanceof ApiError && error.status !== 0 && error.status !== 503
          if (isRefused) this.#settle(draft.key, ({ reject }) => reject(error))
          else this.#drop()
        },
      )
  }

  #settle(key: string, how: (draft: Draft) => void): void {
    const index = this.#drafts.findIndex((draft) => draft.key === key)
    const [draft] = index < 0 ? [] : this.#drafts.splice(index, 1)
    this.#isSending = false
    if (draft) how(draft)
    void this.#sendNext()
  }
}
