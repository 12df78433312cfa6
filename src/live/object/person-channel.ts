/**
 * The Durable Object of a user: it holds the user's sockets and sends them what concerns the user. Conversations and requests call it after they
 * commit (`shared/channel.ts`). While a socket is open it also checks D1, so that a lost call is made up for within a minute. It stores nothing:
 * each socket carries as an attachment what it has been told, and a user without open sockets costs nothing.
 */
import { DurableObject } from 'cloudflare:workers'
import { openDb } from '../../db/client'
import { charges } from '../../db/rate-limits'
import { config } from '../../http/config'
import type { Bindings } from '../../http/env'
import { accept, refusal, wakeAt } from '../../sockets/accept'
import { readListenRequest } from '../../sockets/listener'
import { logMistake } from '../../sockets/mistakes'
import { type Places, places } from '../../sockets/places'
import { CLOSE, KEEP_ALIVE } from '../../sockets/protocol'
import { hasEnded, type WhichSessions } from '../../sockets/sessions'
import { closeIfExpired, closeSignedOut, closeSocket, heard, newState, sendFrame } from '../../sockets/socket'
import type { Channel, ConversationNews } from '../shared/channel'
import type { ServerFrame } from '../shared/frames'
import { frameHandler } from './client-frames'
import { newsFor } from './news'
import { conversationFrames } from './replay'
import { attach, attachmentOf, digestOf, send, seqOf } from './sockets'
import { openingState, stateSince } from './state-queries'

/** How often D1 is checked for changes that no call reported. Clients learn of them after this long, plus the time that D1 takes. */
const LOOK_EVERY_MS = 45_000
/** The shortest interval between two checks of D1, however much happens. */
const LOOK_PAUSE_MS = 1_000
/** When to try again after D1 could not be reached. */
const RETRY_MS = 5_000
/** How many events are kept while a socket is being opened. Beyond that, the client notices the gap. */
const MAX_MEANWHILE = 1_000

export class PersonChannel extends DurableObject<Bindings> implements Channel {
  readonly #userId: number
  readonly #places: Places
  readonly #handleFrame: ReturnType<typeof frameHandler>
  /** The number of sockets being opened, and the events that arrived in the meantime. */
  #opening = 0
  #meanwhile: ConversationNews[] = []
  /** Both in milliseconds since the epoch. Zero makes an object that has just woken up check everything. */
  #lookedAt = 0
  #everythingAt = 0
  #look: Promise<void> | undefined

  constructor(ctx: DurableObjectState, env: Bindings) {
    super(ctx, env)
    this.#userId = Number(ctx.id.name)
    this.#places = places(ctx)
    this.#handleFrame = frameHandler({
      env: () => this.env,
      send: (socket, frames) => this.#send(socket, frames),
      signOut: (socket) => this.#signOut(socket),
    })
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(KEEP_ALIVE.request, KEEP_ALIVE.response))
  }

  async tell(news: ConversationNews): Promise<void> {
    if (this.#opening > 0 && this.#meanwhile.length < MAX_MEANWHILE) this.#meanwhile.push(news)
    for (const socket of this.#sockets()) this.#pass(socket, news)
  }

  async tellTyping(user: number): Promise<void> {
    for (const socket of this.#sockets()) this.#send(socket, [{ type: 'typing', user }])
  }

  async tellNotified(): Promise<void> {
    await this.#lookSoon(false)
  }

  async tellMissed(): Promise<void> {
    await this.#lookSoon(true)
  }

  async closeSockets(which: WhichSessions): Promise<void> {
    for (const socket of this.#sockets()) if (hasEnded(socket, which)) this.#signOut(socket)
    await this.#rest()
  }

  /** Opens a socket. The Worker has identified the user (`worker/routes.ts`); D1 tells whether the session has ended. */
  override async fetch(request: Request): Promise<Response> {
    const { listener, since } = readListenRequest(request)
    const now = Date.now()
    this.#opening += 1
    try {
      // The alarm is set before the socket exists, so that every socket is closed when its token expires.
      await wakeAt(this.ctx, Math.min(now + LOOK_EVERY_MS, listener.expiresAt))
      const db = this.#openDb().forUser(listener)
      const charged = charges(config(this.env).limits, 'sockets', this.#userId)
      const state = await openingState(db, this.#userId, charged, now)
      const digest = await digestOf(state.conversations)
      // No await from here on, so that no other request can run between the count and accepting the socket.
      if (!this.#places.hasPlace(this.#sockets())) return new Response(null, { status: 429 })
      const { socket, answer } = accept(this.ctx, request, String(this.#userId))
      const seq = seqOf(state.marks)
      const posts = since ?? state.newestPost
      socket.serializeAttachment({
        ...newState(listener),
        notified: { ...state.marks, seq },
        unread: state.unread,
        conversations: digest,
        feed: { since: posts, count: 0, newest: 0, at: 0 },
      })
      const { unread, conversations } = state
      this.#send(socket, [{ type: 'ready', seq, unread, conversations: conversations.newest, posts }])
      for (const news of this.#meanwhile) this.#pass(socket, news)
      return answer
    } catch (error) {
      return refusal(error, 'A channel')
    } finally {
      this.#opening -= 1
      if (this.#opening === 0) this.#meanwhile = []
      await this.#rest()
    }
  }

  override async webSocketMessage(socket: WebSocket, data: string | ArrayBuffer): Promise<void> {
    this.#places.noteFrame(socket)
    heard(socket)
    await this.#handleFrame(socket, data)
  }

  override async webSocketClose(socket: WebSocket): Promise<void> {
    closeSocket(socket, CLOSE.normal, '')
    await this.#rest()
  }

  /** Closes sockets whose token, session or user is no longer valid, and sends what no call has reported. */
  override async alarm(): Promise<void> {
    const now = Date.now()
    for (const socket of this.#sockets()) closeIfExpired(socket, now)
    const isAllDue = now >= this.#everythingAt
    await this.#lookNow(isAllDue)
  }

  /** Checks D1 now, or as soon as `LOOK_PAUSE_MS` have passed since the last check. */
  async #lookSoon(everything: boolean): Promise<void> {
    if (this.#sockets().length === 0) return
    if (everything) this.#everythingAt = 0
    const next = this.#lookedAt + LOOK_PAUSE_MS
    if (this.#look || Date.now() < next) await wakeAt(this.ctx, Math.max(next, Date.now() + LOOK_PAUSE_MS))
    else await this.#lookNow(everything)
  }

  /** Checks D1, and sends each socket what it has not been told. */
  async #lookNow(everything: boolean): Promise<void> {
    // One check at a time: two at once could send their frames out of order.
    while (this.#look) await this.#look
    this.#look = this.#tellNews(everything).finally(() => {
      this.#look = undefined
    })
    await this.#look
  }

  async #tellNews(everything: boolean): Promise<void> {
    const open = this.#sockets()
    if (open.length === 0) return
    const now = Date.now()
    this.#lookedAt = now
    if (everything) this.#everythingAt = now + LOOK_EVERY_MS
    let isDone = false
    try {
      const listeners = open.map(attachmentOf)
      const least = (of: (one: (typeof listeners)[number]) => number) => Math.min(...listeners.map(of))
      const since = {
        marks: { newest: least((one) => one.notified.newest), likes: least((one) => one.notified.likes) },
        post: least((one) => one.feed.since),
      }
      const state = await stateSince(this.#openDb(), this.#userId, { listeners, since, everything })
      const digest = state.rest && (await digestOf(state.rest.conversations))
      for (const socket of open.filter(({ readyState }) => readyState === WebSocket.OPEN)) {
        const attachment = attachmentOf(socket)
        if (!state.mayStay(attachment)) {
          this.#signOut(socket)
          continue
        }
        const { frames, told } = newsFor(attachment, state, { env: this.env, digest, now })
        attach(socket, told)
        this.#send(socket, frames)
      }
      isDone = true
    } catch (error) {
      logMistake(error, 'A channel')
      if (everything) this.#everythingAt = 0
    }
    const left = this.#sockets()
    if (left.length === 0) return this.#rest()
    const next = isDone ? Math.max(this.#everythingAt, now + LOOK_PAUSE_MS) : now + RETRY_MS
    await wakeAt(this.ctx, Math.min(next, ...left.map((socket) => attachmentOf(socket).expiresAt)))
  }

  /** Sends a socket the events of a conversation. */
  #pass(socket: WebSocket, news: ConversationNews): void {
    if (closeIfExpired(socket, Date.now())) return
    const prev = (news.events[0]?.seq ?? 1) - 1
    this.#send(socket, conversationFrames(this.env, attachmentOf(socket), news, prev))
  }

  #send(socket: WebSocket, frames: readonly ServerFrame[]): void {
    send(socket, frames, this.#places.pingedAt(socket))
  }

  #signOut(socket: WebSocket): void {
    sendFrame(socket, { type: 'signed-out' } satisfies ServerFrame)
    closeSignedOut(socket)
  }

  /** Without open sockets the object needs no alarm. */
  async #rest(): Promise<void> {
    if (this.#opening === 0 && this.#sockets().length === 0) await this.ctx.storage.deleteAlarm()
  }

  #openDb() {
    return openDb(this.env.DB, { primary: true })
  }

  #sockets(): WebSocket[] {
    return this.ctx.getWebSockets().filter(({ readyState }) => readyState === WebSocket.OPEN)
  }
}
