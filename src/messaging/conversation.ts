/**
 * The Durable Object of a conversation. It alone writes it: it puts changes in order, commits them to D1 and then tells those who
 * listen. Nothing in its memory would be missed: the truth is in D1, and what is known of a socket is attached to it.
 */
import { DurableObject } from 'cloudflare:workers'
import { openDb } from '../db/client'
import type { Bindings } from '../http/env'
import { pictureUrlsAt } from '../images/url'
import type { Change } from './changes'
import { type Committed, type Committer, committer, type Result } from './committer'
import { CLOSE } from './frames'
import { type Inbox, inbox } from './inbox'
import { missedSince, type Replay } from './replay'
import type { Pair } from './rows'
import { liveListeners } from './sessions'
import { type Attachment, attachmentOf, closeSocket, deliver, type Listener, sendFrame } from './sockets'

/** A user's sockets on one conversation. */
const MAX_SOCKETS = 20
/** How soon to look what became of a commit whose answer was lost. */
const CHECK_AFTER = 2_000

export class Conversation extends DurableObject<Bindings> {
  readonly #pair: Pair
  readonly #committer: Committer
  readonly #inbox: Inbox

  constructor(ctx: DurableObjectState, env: Bindings) {
    super(ctx, env)
    const [a = 0, b = 0] = (ctx.id.name ?? '').split('-').map(Number)
    this.#pair = { a, b }
    this.#committer = committer(
      () => this.#openDb(),
      this.#pair,
      (news) => this.#broadcast(news),
    )
    this.#inbox = inbox({
      pair: this.#pair,
      env,
      commit: (change) => this.commit(change),
      sockets: (userId) => this.#sockets(userId),
    })
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair('ping', 'pong'))
    // Whoever was still catching up when the memory went starts again.
    for (const socket of ctx.getWebSockets()) {
      if (!attachmentOf(socket).isLive) closeSocket(socket, CLOSE.tryAgain, 'restarted')
    }
  }

  /** Makes a change, with all that arrive at the same time. Expected failures are values. */
  async commit(change: Change): Promise<Result> {
    const result = await this.#committer.commit(change)
    // It may have been committed all the same: then those who listen are behind.
    if (!result.ok && result.why === 'unavailable') await this.#wakeAt(Date.now() + CHECK_AFTER)
    return result
  }

  /** Whether objects and their storage are there (src/about/health.ts). */
  async ping(): Promise<void> {
    await this.ctx.storage.getAlarm()
  }

  /** Closes the sockets of a user that belong to this session, or to any but this. */
  signOut(userId: number, which: { session: string } | { except: string | undefined }): void {
    for (const socket of this.#sockets(userId)) {
      const { session } = attachmentOf(socket)
      const ends =
        'session' in which ? session === which.session : session === undefined || session !== which.except
      if (ends) closeSocket(socket, CLOSE.signedOut, 'signed out')
    }
  }

  /** The upgrade. The Worker has checked who it is, and passes that on in a header of its own. */
  override async fetch(request: Request): Promise<Response> {
    const listener: Listener = JSON.parse(request.headers.get('x-listener') ?? '{}')
    const since = new URL(request.url).searchParams.get('since')
    const from = since === null ? undefined : Number(since)
    // Behind everything: what was missed comes once the socket is there.
    const found = await missedSince(this.#openDb(), this.#pair, Number.MAX_SAFE_INTEGER).catch(
      () => undefined,
    )
    if (!found) return new Response(null, { status: 503 })
    // After all waiting: nobody else can come between the count and the socket.
    if (this.#sockets(listener.userId).length >= MAX_SOCKETS) return new Response(null, { status: 429 })

    const { 0: client, 1: server } = new WebSocketPair()
    this.ctx.acceptWebSocket(server, [String(listener.userId)])
    const start = from === undefined || from > found.newest ? found.newest : from
    server.serializeAttachment({ ...listener, seen: start, last: start, isLive: false } satisfies Attachment)
    sendFrame(server, { type: 'ready', seq: found.newest })
    if (from !== undefined && from > found.newest) sendFrame(server, { type: 'resync' })
    this.ctx.waitUntil(this.#goLive(server, start))
    await this.#wakeAt(listener.expiresAt)
    const protocol = request.headers.get('sec-websocket-protocol')
    return new Response(null, {
      status: 101,
      webSocket: client,
      ...(protocol && { headers: { 'sec-websocket-protocol': protocol } }),
    })
  }

  override async webSocketMessage(socket: WebSocket, data: string | ArrayBuffer): Promise<void> {
    await this.#inbox(socket, data)
  }

  override webSocketClose(socket: WebSocket): void {
    closeSocket(socket, CLOSE.normal, '')
  }

  /** Closes sockets whose token, session or user has ended, and lets those catch up that a failed commit left behind. */
  override async alarm(): Promise<void> {
    const now = Date.now()
    for (const socket of this.#sockets())
      if (attachmentOf(socket).expiresAt <= now) closeSocket(socket, CLOSE.signedOut, 'token expired')
    const open = this.#sockets()
    if (open.length === 0) return
    await this.#wakeAt(Math.min(...open.map((socket) => attachmentOf(socket).expiresAt)))
    try {
      const mayStay = await liveListeners(this.#openDb(), open.map(attachmentOf), now)
      for (const socket of open)
        if (!mayStay(attachmentOf(socket))) closeSocket(socket, CLOSE.signedOut, 'signed out')
      await this.#committer.exclusively(() => this.#catchUpAll())
    } catch {
      await this.#wakeAt(now + CHECK_AFTER)
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

  /** Tells everybody, in the order of commitment. Who missed something before gets that first. */
  async #broadcast({ events, isGap }: Committed): Promise<void> {
    const first = events[0]
    const last = events.at(-1)
    if (!first || !last) return isGap ? this.#catchUpAll() : undefined
    for (const socket of this.#sockets()) {
      const { isLive, seen, origin, expiresAt } = attachmentOf(socket)
      if (!isLive) continue
      if (expiresAt <= Date.now()) closeSocket(socket, CLOSE.signedOut, 'token expired')
      else if (seen === first.seq - 1) deliver(socket, events, last.seq, pictureUrlsAt(this.env, origin))
      else await this.#catchUp(socket)
    }
  }

  /** Sends what was missed; the end of it while nothing is committed, so that nothing falls between the two. */
  async #goLive(socket: WebSocket, from: number): Promise<void> {
    const replay = { from, shown: new Set<number>() }
    await this.#catchUp(socket, replay)
    await this.#committer.exclusively(async () => {
      await this.#catchUp(socket, replay)
      if (socket.readyState === WebSocket.OPEN) {
        socket.serializeAttachment({ ...attachmentOf(socket), isLive: true } satisfies Attachment)
      }
    })
  }

  /** Those that live and are behind; while nothing is committed. */
  async #catchUpAll(): Promise<void> {
    const { newest } = await missedSince(this.#openDb(), this.#pair, Number.MAX_SAFE_INTEGER)
    for (const socket of this.#sockets()) {
      const { isLive, seen } = attachmentOf(socket)
      if (isLive && seen < newest) await this.#catchUp(socket)
    }
  }

  /** From where the socket is to the newest change. One that cannot be served is closed: its client comes back. */
  async #catchUp(
    socket: WebSocket,
    replay: Replay = { from: attachmentOf(socket).seen, shown: new Set() },
  ): Promise<void> {
    const urls = pictureUrlsAt(this.env, attachmentOf(socket).origin)
    try {
      while (socket.readyState === WebSocket.OPEN) {
        const { newest, events, seen } = await missedSince(
          this.#openDb(),
          this.#pair,
          attachmentOf(socket).seen,
          replay,
        )
        deliver(socket, events, seen, urls)
        if (seen >= newest) return
      }
    } catch {
      closeSocket(socket, CLOSE.tryAgain, 'unavailable')
    }
  }

  /** The alarm is the earliest of all that is waited for. */
  async #wakeAt(time: number): Promise<void> {
    const current = await this.ctx.storage.getAlarm()
    if (current === null || current > time) await this.ctx.storage.setAlarm(time)
  }
}
