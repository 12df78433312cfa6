/**
 * The Durable Object of a conversation. It alone writes it: it puts changes in order, commits them to D1 and then tells those who
 * listen. Nothing in its memory would be missed: the truth is in D1, and what is known of a socket is attached to it.
 */
import { DurableObject } from 'cloudflare:workers'
import { openDb } from '../../db/client'
import { config } from '../../http/config'
import type { Bindings } from '../../http/env'
import { MAX_SOCKETS_PER_CONVERSATION } from '../../limits/limits'
import type { Change, CommitResult } from '../shared/changes'
import { CLOSE, KEEP_ALIVE } from '../shared/frames'
import { readListenRequest } from '../shared/listener'
import { type Pair, pairFromName } from '../shared/pair'
import { type Broadcast, broadcast } from './broadcast'
import { type FrameHandler, frameHandler } from './client-frames'
import { type CommitQueue, commitQueue } from './commit-queue'
import { liveListeners } from './live-sessions'
import { MAX_REPLAYED_CHANGES, newestSeq } from './missed-changes'

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

/** How soon to find out what became of a commit whose answer was lost. */
const CHECK_AFTER_MS = 2_000

export class Conversation extends DurableObject<Bindings> {
  readonly #pair: Pair
  readonly #queue: CommitQueue
  readonly #broadcast: Broadcast
  readonly #handleFrame: FrameHandler
  readonly #refused = refusedSenders()

  constructor(ctx: DurableObjectState, env: Bindings) {
    super(ctx, env)
    this.#pair = pairFromName(ctx.id.name ?? '')
    this.#queue = commitQueue(
      () => this.#openDb(),
      this.#pair,
      config(env).limits,
      (news) => this.#broadcast.tell(news),
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
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(KEEP_ALIVE.request, KEEP_ALIVE.response))
    // Whoever was still catching up when the memory went starts again.
    for (const socket of ctx.getWebSockets()) {
      if (!attachmentOf(socket).isLive) closeSocket(socket, CLOSE.tryAgain, 'restarted')
    }
  }

  /** Makes a change, together with all that arrive at the same time. Expected failures are values. */
  async commit(change: Change): Promise<CommitResult> {
    const refused = this.#refused.find(change, Date.now())
    if (refused) return refused
    const result = await this.#queue.commit(change)
    this.#refused.note(change, result, Date.now())
    // It may have been committed all the same: then those who listen are behind.
    if (!result.ok && result.why === 'unavailable') await this.#wakeAt(Date.now() + CHECK_AFTER_MS)
    return result
  }

  /** Whether objects and their storage can be reached (`about/health.ts`). */
  async ping(): Promise<void> {
    await this.ctx.storage.getAlarm()
  }

  /** Closes the sockets of a user that belong to this session, or to any but this. */
  closeSockets(userId: number, which: { session: string } | { except: string | undefined }): void {
    for (const socket of this.#sockets(userId)) {
      const { session } = attachmentOf(socket)
      const hasEnded =
        'session' in which ? session === which.session : session === undefined || session !== which.except
      if (hasEnded) closeSignedOut(socket)
    }
  }

  /** Opens a socket. Who it is, the Worker has checked (`worker/open-socket.ts`). */
  override async fetch(request: Request): Promise<Response> {
    const { listener, since } = readListenRequest(request)
    const newest = await newestSeq(this.#openDb(), this.#pair).catch(() => undefined)
    if (newest === undefined) return new Response(null, { status: 503 })
    // After all waiting, so that nobody else can come between the count and the socket.
    if (this.#sockets(listener.userId).length >= MAX_SOCKETS_PER_CONVERSATION)
      return new Response(null, { status: 429 })

    const { 0: client, 1: server } = new WebSocketPair()
    this.ctx.acceptWebSocket(server, [String(listener.userId)])
    // What is not of this conversation, or so much that pages are the better way to it.
    const isResync = since !== undefined && (since > newest || newest - since > MAX_REPLAYED_CHANGES)
    const start = since === undefined || isResync ? newest : since
    attach(server, { ...listener, seen: start, last: start, isLive: false, unheard: { bytes: 0, since: 0 } })
    sendFrame(server, { type: 'ready', seq: newest })
    if (isResync) sendFrame(server, { type: 'resync' })
    this.ctx.waitUntil(this.#broadcast.goLive(server, start))
    await this.#wakeAt(listener.expiresAt)
    const protocol = request.headers.get('sec-websocket-protocol')
    return new Response(null, {
      status: 101,
      webSocket: client,
      ...(protocol && { headers: { 'sec-websocket-protocol': protocol } }),
    })
  }

  override async webSocketMessage(socket: WebSocket, data: string | ArrayBuffer): Promise<void> {
    heard(socket)
    await this.#handleFrame(socket, data)
  }

  override webSocketClose(socket: WebSocket): void {
    closeSocket(socket, CLOSE.normal, '')
  }

  /** Closes sockets whose token, session or user has ended, and lets those catch up that a failed commit left behind. */
  override async alarm(): Promise<void> {
    const now = Date.now()
    for (const socket of this.#sockets()) closeIfExpired(socket, now)
    const open = this.#sockets()
    if (open.length === 0) return
    await this.#wakeAt(Math.min(...open.map((socket) => attachmentOf(socket).expiresAt)))
    try {
      const mayStay = await liveListeners(this.#openDb(), open.map(attachmentOf), now)
      for (const socket of open) if (!mayStay(attachmentOf(socket))) closeSignedOut(socket)
      await this.#queue.exclusively(() => this.#broadcast.catchUpAll())
    } catch {
      await this.#wakeAt(now + CHECK_AFTER_MS)
    }
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
