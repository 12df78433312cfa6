/**
 * The Durable Object of a conversation. It alone writes it: it puts changes in order, commits them to D1 and then tells those who
 * listen. Nothing in its memory would be missed: the truth is in D1, and what is known of a socket is attached to it.
 */
import { DurableObject } from 'cloudflare:workers'
import { openDb } from '../db/client'
import type { Bindings } from '../http/env'
import { pictureUrlsAt } from '../images/url'
import type { Change, Event } from './changes'
import { type Committer, committer, type Result } from './committer'
import { CLOSE } from './frames'
import { type Inbox, inbox } from './inbox'
import { missedSince } from './replay'
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
      (events) => this.#broadcast(events),
    )
    this.#inbox = inbox({
      pair: this.#pair,
      env,
      commit: (change) => this.commit(change),
      sockets: (userId) => ctx.getWebSockets(String(userId)),
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

  /** Closes the sockets of a user that belong to this session, or to any but this. */
  signOut(userId: number, which: { session: string } | { except: string | undefined }): void {
    for (const socket of this.ctx.getWebSockets(String(userId))) {
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
    if (this.ctx.getWebSockets(String(listener.userId)).length >= MAX_SOCKETS)
      return new Response(null, { status: 429 })
    const from = since === null ? undefined : Number(since)
    const found = await missedSince(this.#openDb(), this.#pair, from ?? Number.MAX_SAFE_INTEGER).catch(
      () => undefined,
    )
    if (!found) return new Response(null, { status: 503 })

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

  override webSocketClose(socket: WebSocket, code: number): void {
    // 1005 and 1006 say that there was no code, and may not be sent (RFC 6455, 7.4.1).
    socket.close(code === 1005 || code === 1006 ? 1000 : code)
  }

  /** Closes sockets whose token, session or user has ended, and lets those catch up that a failed commit left behind. */
  override async alarm(): Promise<void> {
    const now = Date.now()
    const sockets = this.ctx.getWebSockets()
    const open = sockets.filter((socket) => attachmentOf(socket).expiresAt > now)
    for (const socket of sockets)
      if (!open.includes(socket)) closeSocket(socket, CLOSE.signedOut, 'token expired')
    if (open.length === 0) return
    await this.#wakeAt(Math.min(...open.map((socket) => attachmentOf(socket).expiresAt)))
    const isLive = await liveListeners(this.#openDb(), open.map(attachmentOf), now)
    for (const socket of open) {
      if (!isLive(attachmentOf(socket))) closeSocket(socket, CLOSE.signedOut, 'signed out')
      else if (attachmentOf(socket).isLive) await this.#committer.exclusively(() => this.#catchUp(socket))
    }
  }

  #openDb() {
    return openDb(this.env.DB, { primary: true })
  }

  /** Tells everybody, in the order of commitment. Who missed something before gets that first. */
  async #broadcast(events: Event[]): Promise<void> {
    const first = events[0]
    const last = events.at(-1)
    if (!first || !last) return
    for (const socket of this.ctx.getWebSockets()) {
      const { isLive, seen, origin, expiresAt } = attachmentOf(socket)
      if (!isLive) continue
      if (expiresAt <= Date.now()) closeSocket(socket, CLOSE.signedOut, 'token expired')
      else if (seen === first.seq - 1) deliver(socket, events, last.seq, pictureUrlsAt(this.env, origin))
      else await this.#catchUp(socket)
    }
  }

  /** Sends what was missed; the end of it while nothing is committed, so that nothing falls between the two. */
  async #goLive(socket: WebSocket, from: number): Promise<void> {
    await this.#catchUp(socket, from)
    await this.#committer.exclusively(async () => {
      await this.#catchUp(socket, from)
      if (socket.readyState === WebSocket.OPEN) {
        socket.serializeAttachment({ ...attachmentOf(socket), isLive: true } satisfies Attachment)
      }
    })
  }

  /** From where the socket is to the newest change. One that cannot be served is closed: its client comes back. */
  async #catchUp(socket: WebSocket, from = attachmentOf(socket).seen): Promise<void> {
    const urls = pictureUrlsAt(this.env, attachmentOf(socket).origin)
    try {
      for (;;) {
        const { newest, events, seen } = await missedSince(
          this.#openDb(),
          this.#pair,
          attachmentOf(socket).seen,
          from,
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
