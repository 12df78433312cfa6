/**
 * A persistent conversation: it reconnects after every interruption, resumes where it left off, and sends messages written in the meantime once each
 * and in order.
 */
import type { Conversation, ConversationEvent, ConversationOptions, MessageOptions } from './conversation'
import type { Draft, Drafts } from './drafts'
import { ApiError, failure, fieldsOf } from './errors'
import { type Link, type Loss, link, type SocketConstructor } from './link'
import { Outbox } from './outbox'
import { Pace } from './pace'
import { ASYNC_ITERATOR, later, platform, randomKey } from './platform'
import { Readers } from './readers'
import type { Message, ServerFrame } from './schema'
import { LONGEST_WAIT_SECONDS, type Transport } from './transport'
import type { Progress } from './upload'

interface Sender {
  resolve(message: Message): void
  reject(error: unknown): void
  onProgress: ((progress: Progress) => void) | undefined
}

const FIRST_PAUSE_MS = 250
const LONGEST_PAUSE_MS = 15_000
const TYPING_EVERY_MS = 1_000
const READ_EVERY_MS = 200
/** A key is sent as a header. */
const KEY = /^[\x21-\x7e]{1,255}$/
/** Statuses that retrying cannot change. */
const FINAL = [401, 403, 404]

export class LiveConversation implements Conversation {
  seq: number | undefined
  #link: Link | undefined
  #isConnecting = false
  /** The newest change when the connection was ready. */
  #newest?: number
  #isReady = false
  #end: ApiError | undefined
  #pause = FIRST_PAUSE_MS
  #cancelRetry: () => void = () => undefined
  #typedAt = 0
  #readUpTo = 0
  #cancelRead: (() => void) | undefined
  /** Cancels the delay that the API asked for before the next message. */
  #cancelWait: () => void = () => undefined
  readonly #Socket: SocketConstructor
  readonly #transport: Transport
  readonly #outbox: Outbox
  readonly #senders = new Map<string, Sender>()
  readonly #pace = new Pace()
  readonly #readers = new Readers<ConversationEvent>()
  readonly #stopListening: () => void

  constructor(
    readonly userId: number,
    transport: Transport,
    drafts: Drafts,
    { since, WebSocket: Socket = platform.WebSocket }: ConversationOptions,
  ) {
    if (!Socket) throw new TypeError('No WebSocket here: pass one to conversation().')
    this.#Socket = Socket
    this.#transport = transport
    this.seq = since
    this.#outbox = new Outbox(userId, transport, drafts, {
      progress: (key, progress) => this.#senders.get(key)?.onProgress?.(progress),
      restored: (drafts) => this.#readers.tell({ type: 'restored', drafts }),
      settled: (key, outcome) => {
        const sender = this.#senders.get(key)
        this.#senders.delete(key)
        if ('message' in outcome) {
          if (sender) sender.resolve(outcome.message)
          else this.#readers.tell({ type: 'sent', key, ...outcome })
        } else if (sender) sender.reject(outcome.error)
        else this.#readers.tell({ type: 'unsent', key, ...outcome })
      },
    })
    this.#stopListening = transport.auth.listen((change) => {
      if (change.type === 'signed-out') this.#refuse(failure('not_authenticated', 'Signed out.'))
      else if (change.user.pk !== (this.#outbox.owner ?? change.user.pk)) {
        this.#refuse(failure('other_user', 'Somebody else has signed in.'))
      }
    })
    // Browsers report when the network is back, so there is no need to wait any longer.
    platform.addEventListener?.('online', this.#connect)
    platform.addEventListener?.('offline', this.#drop)
    this.#connect()
  }

  get unsent(): readonly Draft[] {
    return this.#outbox.unsent
  }

  async send(
    content: string,
    { image, key = randomKey(), onProgress }: MessageOptions = {},
  ): Promise<Message> {
    if (this.#end) throw this.#end
    if (!KEY.test(key)) throw failure('bad_key', 'Bad key.')
    return new Promise((resolve, reject) => {
      this.#senders.set(key, { resolve, reject, onProgress })
      this.#outbox.add({ key, content, image })
    })
  }

  read(upTo: number): void {
    if (!Number.isSafeInteger(upTo) || upTo <= this.#readUpTo) return
    this.#readUpTo = upTo
    this.#cancelRead ??= later(() => this.#pace.run(this.#sayRead), READ_EVERY_MS)
  }

  typing(): void {
    if (Date.now() - this.#typedAt < TYPING_EVERY_MS) return
    this.#typedAt = Date.now()
    this.#say({ type: 'typing' })
  }

  close(): void {
    if (this.#cancelRead) this.#sayRead()
    this.#finish(failure('closed', 'The conversation was closed.'))
  }

  [ASYNC_ITERATOR](): AsyncIterableIterator<ConversationEvent> {
    return this.#readers.read()
  }

  #refuse(error: ApiError): void {
    if (this.#end) return
    this.#readers.tell({ type: 'refused', error })
    this.#finish(error)
  }

  #finish(why: ApiError): void {
    if (this.#end) return
    this.#end = why
    this.#cancelRetry()
    this.#cancelRead?.()
    this.#stopListening()
    platform.removeEventListener?.('online', this.#connect)
    platform.removeEventListener?.('offline', this.#drop)
    this.#drop()
    // Above 401 the conversation can never be opened, so its drafts are deleted.
    this.#outbox.stop(why, why.status > 401)
    this.#readers.end()
  }

  readonly #drop = () => this.#link?.drop()

  /** Not called on opening: a server that closes sockets immediately must not be asked more often. */
  readonly #relax = () => {
    this.#pause = FIRST_PAUSE_MS
  }

  readonly #connect = async () => {
    if (this.#link || this.#isConnecting || this.#end) return
    this.#isConnecting = true
    this.#cancelRetry()
    const { baseUrl, usesCookies, tokens } = this.#transport
    const kept = usesCookies ? undefined : await tokens.get()
    this.#isConnecting = false
    if (this.#end) return
    const since = this.seq === undefined ? '' : `?since=${this.seq}`
    const url = `${baseUrl.replace(/^http/i, 'ws')}/messages/${this.userId}/live/${since}`
    const whoami = async () => kept?.user ?? (await this.#transport.me()).pk
    try {
      this.#link = link(this.#transport.open(this.#Socket, url, kept), {
        receive: (frame: ServerFrame) => this.#receive(frame, whoami),
        alive: this.#relax,
        lost: (why) => void this.#lost(why, kept?.access),
      })
    } catch (error) {
      // Never allowed here: for example, a page on https may not open `ws:`.
      this.#refuse(failure('network', String(error)))
    }
  }

  async #lost(why: Loss, access: string | undefined): Promise<void> {
    this.#link = undefined
    this.#pace.clear()
    this.#cancelWait()
    if (why === 'too fast') this.#pace.slower()
    if (this.#isReady) this.#readers.tell({ type: 'offline' })
    this.#isReady = false
    this.#outbox.use(undefined)
    if (this.#end) return
    const error = await this.#find(why, access).catch((error: unknown) => error)
    if (error instanceof ApiError && FINAL.includes(error.status)) return this.#refuse(error)
    if (this.#end) return
    // Random, so that clients that were all cut off at once do not all reconnect at once.
    this.#cancelRetry = later(this.#connect, this.#pause * (0.5 + Math.random()))
    this.#pause = Math.min(this.#pause * 2, LONGEST_PAUSE_MS)
  }

  /** Finds the reason, and renews the token if it had expired. Throws the API's error. */
  async #find(why: Loss, access: string | undefined): Promise<void> {
    if (why === 'signed out') await this.#transport.renew(access)
    // Browsers do not say why a socket was refused, but a plain request does: it answers 426 if nothing else is wrong.
    if (why === 'refused') await this.#transport.call('GET', `/messages/${this.userId}/live/`)
  }

  #receive(frame: ServerFrame, whoami: () => Promise<number>): void {
    if (frame.type === 'ready') this.#ready(frame.seq, whoami)
    if (frame.type === 'sent') this.#outbox.settle(frame.key, { message: frame.message })
    else if (frame.type === 'error') this.#refused(frame)
    // Each frame names the one before it. If that is a different one, something was missed, and reconnecting requests it again.
    else if ('prev' in frame && this.seq !== undefined && frame.prev !== this.seq) this.#drop()
    else {
      if ('prev' in frame) {
        this.seq = frame.seq
        this.#relax()
      }
      // The client reads pages, and hears of what comes after them.
      if (frame.type === 'resync') this.seq = this.#newest
      this.#readers.tell(frame)
    }
  }

  #ready(newest: number, whoami: () => Promise<number>): void {
    this.#newest = newest
    // A client that is ahead receives `resync` next, and may lose the connection before that.
    if ((this.seq ?? Infinity) > newest) this.seq = newest
    this.#isReady = true
    this.#readers.tell({ type: 'online' })
    if (this.#readUpTo > 0) this.#pace.run(this.#sayRead)
    this.#outbox.use({
      say: (frame) => this.#say(frame),
      drop: this.#drop,
      whoami,
      refuse: (error) => this.#refuse(error),
    })
  }

  #refused({ key, code, errors, retry_after }: Extract<ServerFrame, { type: 'error' }>): void {
    // The message stays in the outbox and is retried over the next connection.
    if (code === 'unavailable') this.#drop()
    else if (code === 'throttled' && retry_after !== undefined && retry_after <= LONGEST_WAIT_SECONDS) {
      this.#cancelWait()
      this.#cancelWait = later(() => this.#outbox.again(), (retry_after + Math.random() / 4) * 1000)
    } else if (key !== undefined) {
      const { detail, ...fields } = errors
      const kind = code === 'throttled' ? code : 'invalid'
      const error = failure(kind, detail?.join(' '), fieldsOf(fields), retry_after)
      this.#outbox.settle(key, { error })
    }
  }

  #say(frame: object): void {
    this.#pace.run(() => {
      if (this.#isReady) this.#link?.send(frame)
    })
  }

  readonly #sayRead = () => {
    this.#cancelRead?.()
    this.#cancelRead = undefined
    if (this.#isReady) this.#link?.send({ type: 'read', up_to: this.#readUpTo })
  }
}
