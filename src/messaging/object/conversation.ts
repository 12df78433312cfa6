/**
 * The Durable Object of a conversation. It alone writes it: it puts changes in order, commits them to D1 and then tells those who
 * listen. Nothing in its memory would be missed: the truth is in D1, what is known of a socket is attached to it, and of which changes nothing is
 * known is in its storage.
 */
import { DurableObject } from 'cloudflare:workers'
import { openDb } from '../../db/client'
import { ForeignKeyViolation, isSignedOut } from '../../db/errors'
import { withinDeadline } from '../../deadline'
import { config } from '../../http/config'
import type { Bindings } from '../../http/env'
import { MAX_SOCKETS_PER_CONVERSATION } from '../../limits/limits'
import { secondsToWait, Throttled } from '../../limits/throttled'
import { type Change, type CommitResult, type ErasedPiece, newChangeId } from '../shared/changes'
import { CLOSE, KEEP_ALIVE } from '../shared/frames'
import { type Listener, readListenRequest } from '../shared/listener'
import { type Pair, pairFromName } from '../shared/pair'
import { type Broadcast, broadcast } from './broadcast'
import { type FrameHandler, frameHandler } from './client-frames'
import { type CommitQueue, commitQueue } from './commit-queue'
import { messagesAfter } from './erase-queries'
import { type Listening, listening } from './listening'
import { liveListeners } from './live-sessions'
import { MAX_REPLAYED_CHANGES } from './missed-changes'
import { logMistake } from './mistakes'
import { refusedSenders } from './refused-senders'
import {
  attach,
  attachmentOf,
  closeIfExpired,
  closeSignedOut,
  closeSocket,
  heard,
  sendFrame,
} from './sockets'
import { unsettledIdsIn } from './unsettled-ids'

/** Those who listen learn of what they were not told at once, or are closed, within two seconds: they are caught up with after so long, */
const CHECK_AFTER_MS = 1_000
/** and that may take so long. */
const CATCH_UP_MS = 600
/** Clients ping twice as often (`client/link.ts`): who has not been heard of for so long is gone, or can come back. */
const SILENT_AFTER_MS = 30_000

export class Conversation extends DurableObject<Bindings> {
  readonly #pair: Pair
  readonly #queue: CommitQueue
  readonly #broadcast: Broadcast
  readonly #handleFrame: FrameHandler
  readonly #refused = refusedSenders()
  readonly #heardAt = new WeakMap<WebSocket, number>()
  /** Whether something may be committed that those who listen were not told. */
  #mayBeBehind: boolean
  readonly #listening: Listening

  constructor(ctx: DurableObjectState, env: Bindings) {
    super(ctx, env)
    this.#pair = pairFromName(ctx.id.name ?? '')
    const { limits } = config(env)
    this.#queue = commitQueue(
      {
        openDb: () => this.#openDb(),
        pair: this.#pair,
        limits,
        unsettledIds: unsettledIdsIn(ctx.storage),
      },
      { onCommitted: (news) => this.#broadcast.tell(news), onGap: () => this.#checkSoon() },
    )
    this.#broadcast = broadcast({
      pair: this.#pair,
      env,
      openDb: () => this.#openDb(),
      sockets: () => this.#sockets(),
      exclusively: (run) => this.#queue.exclusively(run),
      heardAt: (socket) => ctx.getWebSocketAutoResponseTimestamp(socket)?.getTime() ?? 0,
    })
    this.#handleFrame = frameHandler({
      pair: this.#pair,
      env,
      commit: (change) => this.commit(change),
      sockets: (userId) => this.#sockets(userId),
    })
    this.#listening = listening({
      pair: this.#pair,
      openDb: () => this.#openDb(),
      limits,
      isListening: (userId) => this.#sockets(userId).length > 0,
    })
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(KEEP_ALIVE.request, KEEP_ALIVE.response))
    // An object that wakes up cannot know what the one before it has left undone.
    this.#mayBeBehind = ctx.getWebSockets().length > 0 || this.#queue.isUnsettled()
    // Whoever was still catching up when the memory went starts again.
    for (const socket of ctx.getWebSockets()) {
      if (!attachmentOf(socket).isLive) closeSocket(socket, CLOSE.tryAgain, 'restarted')
    }
  }

  /** Makes a change, together with all that arrive at the same time. Expected failures are values. */
  async commit(change: Change, id = newChangeId()): Promise<CommitResult> {
    const refused = this.#refused.find(change, Date.now())
    if (refused) return refused
    const result = await this.#queue.commit({ ...change, id })
    this.#refused.note(change, result, Date.now())
    return result
  }

  /** Makes a change that was asked for before, under this id, unless it was made then; gives the outcome either way. */
  async commitOnce(change: Change, id: string): Promise<CommitResult> {
    return this.#queue.commit({ ...change, id }, true)
  }

  /**
   * Deletes what this user has sent, among the messages next behind this one; those who listen are told. Doing it again does no harm: what is
   * gone is not told again.
   */
  async eraseSent(userId: number, after: number): Promise<ErasedPiece> {
    const { messages, isLast } = await messagesAfter(this.#openDb(), this.#pair, after)
    const results = await Promise.all(
      messages.flatMap(({ id, senderId }) =>
        senderId === userId ? this.commit({ type: 'erase', userId, messageId: id }) : [],
      ),
    )
    return {
      markedImages: results.flatMap((result) => (result.ok ? result.state.markedImages : [])),
      after: results.every(({ ok }) => ok) ? (messages.at(-1)?.id ?? after) : undefined,
      isLast,
    }
  }

  /** Whether objects and their storage can be reached (`about/health.ts`). */
  async ping(): Promise<void> {
    await this.ctx.storage.getAlarm()
  }

  /** Closes the sockets of a user that belong to this session, or to any but this. */
  async closeSockets(
    userId: number,
    which: { session: string } | { except: string | undefined },
  ): Promise<void> {
    for (const socket of this.#sockets(userId)) {
      const { session } = attachmentOf(socket)
      const hasEnded =
        'session' in which ? session === which.session : session === undefined || session !== which.except
      if (hasEnded) closeSignedOut(socket)
    }
    await this.#listening.end(userId)
  }

  /** Closes all sockets: the two have parted. */
  async closeAll(): Promise<void> {
    for (const socket of this.#sockets()) closeSocket(socket, CLOSE.tryAgain, 'unavailable')
    await this.#listening.end()
  }

  /** Opens a socket. Who it is, the Worker has checked (`worker/open-socket.ts`). */
  override async fetch(request: Request): Promise<Response> {
    const { listener, since } = readListenRequest(request)
    // Before there is a socket: one that nothing closes when its token ends must not be.
    // Where something may be committed yet it must learn of it.
    const next = this.#queue.isUnsettled() ? Date.now() + CHECK_AFTER_MS : listener.expiresAt
    const isWoken = await this.#wakeAt(next).then(
      () => true,
      () => false,
    )
    if (!isWoken) return new Response(null, { status: 503 })
    try {
      const answer = await this.#listening.begin(
        this.#openDb().forUser(listener),
        listener.userId,
        (newest) => this.#accept(listener, since, newest, request.headers.get('sec-websocket-protocol')),
      )
      return answer ?? new Response(null, { status: 429 })
    } catch (error) {
      if (isSignedOut(error)) return new Response(null, { status: 401 })
      if (error instanceof ForeignKeyViolation) return new Response(null, { status: 404 })
      if (error instanceof Throttled)
        return new Response(null, { status: 429, headers: { 'retry-after': String(secondsToWait(error)) } })
      return new Response(null, { status: logMistake(error) ? 500 : 503 })
    }
  }

  /** Nothing here waits, so that nobody else can come between the count and the socket. */
  #accept(listener: Listener, since: number | undefined, newest: number, protocol: string | null): Response {
    if (!this.#hasPlace(listener.userId)) return new Response(null, { status: 429 })
    const { 0: client, 1: server } = new WebSocketPair()
    this.ctx.acceptWebSocket(server, [String(listener.userId)])
    // What is not of this conversation, or so much that pages are the better way to it.
    const isResync = since !== undefined && (since > newest || newest - since > MAX_REPLAYED_CHANGES)
    const start = since === undefined || isResync ? newest : since
    const now = Date.now()
    attach(server, {
      ...listener,
      seen: start,
      last: start,
      isLive: false,
      openedAt: now,
      unheard: { bytes: 0, since: now },
    })
    sendFrame(server, { type: 'ready', seq: newest })
    if (isResync) sendFrame(server, { type: 'resync' })
    this.ctx.waitUntil(this.#broadcast.goLive(server, start))
    return new Response(null, {
      status: 101,
      webSocket: client,
      ...(protocol && { headers: { 'sec-websocket-protocol': protocol } }),
    })
  }

  override async webSocketMessage(socket: WebSocket, data: string | ArrayBuffer): Promise<void> {
    this.#heardAt.set(socket, Date.now())
    heard(socket)
    await this.#handleFrame(socket, data)
  }

  override async webSocketClose(socket: WebSocket): Promise<void> {
    closeSocket(socket, CLOSE.normal, '')
    // If this fails, the alarm does it.
    await this.#listening.end(attachmentOf(socket).userId).catch((error: unknown) => {
      logMistake(error)
      return this.#wakeAt(Date.now() + CHECK_AFTER_MS)
    })
  }

  /** Lets those catch up that a failed commit left behind, and closes sockets whose token, session or user has ended. */
  override async alarm(): Promise<void> {
    const now = Date.now()
    for (const socket of this.#sockets()) closeIfExpired(socket, now)
    // First of all, as the rest may take as long as D1 is given.
    if (this.#mayBeBehind && !(await this.#catchUp())) return
    const open = this.#sockets()
    try {
      if (open.length > 0) {
        await this.#wakeAt(Math.min(...open.map((socket) => attachmentOf(socket).expiresAt)))
      }
      await this.#listening.end()
      if (open.length === 0) return
      const mayStay = await liveListeners(this.#openDb(), open.map(attachmentOf), now)
      const ended = open.filter((socket) => !mayStay(attachmentOf(socket)))
      ended.forEach(closeSignedOut)
      if (ended.length > 0) await this.#listening.end()
    } catch (error) {
      logMistake(error)
      await this.#checkSoon()
    }
  }

  /** Sends what they have missed to those who listen. If that fails they are closed: they come back with what they have seen. */
  async #catchUp(): Promise<boolean> {
    try {
      await withinDeadline(CATCH_UP_MS, () =>
        this.#queue.exclusively(async () => {
          await this.#queue.settle()
          await this.#broadcast.catchUpAll()
          this.#mayBeBehind = false
        }),
      )
      return true
    } catch (error) {
      logMistake(error)
      // Who is told nothing must not believe that nothing happens.
      for (const socket of this.#sockets()) closeSocket(socket, CLOSE.tryAgain, 'unavailable')
      return false
    }
  }

  /** Finds out within two seconds whether those who listen have missed something; without an alarm, by a timer. */
  async #checkSoon(): Promise<void> {
    this.#mayBeBehind = true
    await this.#wakeAt(Date.now() + CHECK_AFTER_MS).catch(() => {
      this.ctx.waitUntil(new Promise((done) => setTimeout(done, CHECK_AFTER_MS)).then(() => this.alarm()))
    })
  }

  /**
   * Whether the user may open one more socket. Nothing tells the object of a connection that broke without a word, so where there are too
   * many, the one that has been silent the longest makes room, if it has been for long enough.
   */
  #hasPlace(userId: number): boolean {
    const open = this.#sockets(userId)
    if (open.length < MAX_SOCKETS_PER_CONVERSATION) return true
    const [silent] = open
      .map((socket) => ({ socket, heardAt: this.#lastHeard(socket) }))
      .sort((one, other) => one.heardAt - other.heardAt)
    if (!silent || Date.now() - silent.heardAt < SILENT_AFTER_MS) return false
    closeSocket(silent.socket, CLOSE.tryAgain, 'silent')
    return true
  }

  /** When the socket last gave a sign of life: a ping, a frame since the object woke up, or its opening. */
  #lastHeard(socket: WebSocket): number {
    const pingedAt = this.ctx.getWebSocketAutoResponseTimestamp(socket)?.getTime() ?? 0
    return Math.max(pingedAt, this.#heardAt.get(socket) ?? 0, attachmentOf(socket).openedAt)
  }

  #openDb() {
    return openDb(this.env.DB, { primary: true })
  }

  /** Those that are open, of everybody or of one user. */
  #sockets(userId?: number): WebSocket[] {
    const sockets = this.ctx.getWebSockets(userId === undefined ? undefined : String(userId))
    return sockets.filter(({ readyState }) => readyState === WebSocket.OPEN)
  }

  /** There is one alarm: for the earliest of all that is waited for. */
  async #wakeAt(time: number): Promise<void> {
    const current = await this.ctx.storage.getAlarm()
    if (current === null || current > time) await this.ctx.storage.setAlarm(time)
  }
}
