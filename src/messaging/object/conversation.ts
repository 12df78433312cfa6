/**
 * The Durable Object of a conversation, and its only writer. It orders changes, commits them to D1, then sends them to all listeners. It can lose its
 * memory at any time: D1 is authoritative, each socket carries its state as an attachment, and the ids of changes with unknown results are in its
 * storage.
 */
import { DurableObject } from 'cloudflare:workers'
import { openDb, type SignedIn } from '../../db/client'
import { config } from '../../http/config'
import type { Bindings } from '../../http/env'
import { accept, refusal, wakeAt } from '../../sockets/accept'
import { readListenRequest } from '../../sockets/listener'
import { logMistake } from '../../sockets/mistakes'
import { type Places, places } from '../../sockets/places'
import { CLOSE, KEEP_ALIVE } from '../../sockets/protocol'
import { hasEnded, type WhichSessions } from '../../sockets/sessions'
import { closeSignedOut, closeSocket, heard, newState, sendFrame } from '../../sockets/socket'
import { type Change, type CommitResult, type ErasedPiece, newChangeId } from '../shared/changes'
import { otherSide, type Pair, pairFromName, sideOf } from '../shared/pair'
import type { ReplayResult } from '../shared/replay'
import { type Broadcast, broadcast } from './broadcast'
import { type CatchUp, CHECK_AFTER_MS, catchUp } from './catch-up'
import { type Channels, channels } from './channels'
import { type FrameHandler, frameHandler } from './client-frames'
import { type CommitQueue, commitQueue } from './commit-queue'
import { eraseSent } from './erase-sent'
import { type Listening, listening } from './listening'
import { MAX_REPLAYED_CHANGES } from './missed-changes'
import { refusedSenders } from './refused-senders'
import { replay } from './replay'
import { attach, attachmentOf } from './sockets'
import { typing } from './typing'
import { unsettledIdsIn } from './unsettled-ids'

export class Conversation extends DurableObject<Bindings> {
  readonly #pair: Pair
  readonly #queue: CommitQueue
  readonly #broadcast: Broadcast
  readonly #channels: Channels
  readonly #handleFrame: FrameHandler
  readonly #refused = refusedSenders()
  readonly #places: Places
  readonly #catchUp: CatchUp
  readonly #listening: Listening
  readonly #typing: ReturnType<typeof typing>

  constructor(ctx: DurableObjectState, env: Bindings) {
    super(ctx, env)
    this.#pair = pairFromName(ctx.id.name ?? '')
    const pair = this.#pair
    const { limits } = config(env)
    const openDb = () => this.#openDb()
    this.#places = places(ctx)
    this.#channels = channels({ pair, env: () => this.env, waitUntil: (work) => ctx.waitUntil(work) })
    this.#queue = commitQueue(
      { openDb, pair, limits, unsettledIds: unsettledIdsIn(ctx.storage) },
      {
        onCommitted: (news) => {
          this.#channels.tell(news)
          return this.#broadcast.tell(news)
        },
        onGap: () => this.#catchUp.soon(),
      },
    )
    this.#broadcast = broadcast({
      pair,
      env,
      openDb,
      sockets: () => this.#sockets(),
      exclusively: (run) => this.#queue.exclusively(run),
      heardAt: this.#places.pingedAt,
    })
    this.#typing = typing({ pair, openDb, tell: (userId) => this.#tellTyping(userId) })
    this.#handleFrame = frameHandler({
      pair,
      env,
      commit: (change) => this.commit(change),
      tellTyping: (userId) => this.#tellTyping(userId),
    })
    this.#listening = listening({
      pair,
      openDb,
      limits,
      isListening: (userId) => this.#sockets(userId).length > 0,
    })
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(KEEP_ALIVE.request, KEEP_ALIVE.response))
    this.#catchUp = catchUp(
      {
        ctx,
        openDb,
        queue: this.#queue,
        broadcast: this.#broadcast,
        listening: this.#listening,
        sockets: () => this.#sockets(),
      },
      // An object that wakes up cannot know what was left undone before its eviction.
      ctx.getWebSockets().length > 0 || this.#queue.isUnsettled(),
    )
    // Sockets that were still catching up at the eviction must start again.
    for (const socket of ctx.getWebSockets()) {
      if (!attachmentOf(socket).isLive) closeSocket(socket, CLOSE.tryAgain, 'restarted')
    }
  }

  /** Makes a change, together with others that arrive at the same time. Expected failures are values. */
  async commit(change: Change, id = newChangeId()): Promise<CommitResult> {
    const refused = this.#refused.find(change, Date.now())
    if (refused) return refused
    const result = await this.#queue.commit({ ...change, id })
    this.#refused.note(change, result, Date.now())
    return result
  }

  /** Makes a change that an earlier call with this id may have made. Gives the outcome either way. */
  async commitOnce(change: Change, id: string): Promise<CommitResult> {
    return this.#queue.commit({ ...change, id }, true)
  }

  /** Deletes what this user sent among the next messages after this one. Listeners are told. */
  async eraseSent(userId: number, after: number): Promise<ErasedPiece> {
    return eraseSent(this.#openDb(), this.#pair, { userId, after }, (change) => this.commit(change))
  }

  /** What one of the two users has missed since a seq. */
  async replay(user: SignedIn, since: number): Promise<ReplayResult> {
    return replay(this.#openDb().forUser(user), this.#pair, { userId: user.userId, since })
  }

  /** Passes on that this user is typing, as the user's channel reports. */
  async type(userId: number): Promise<void> {
    await this.#typing.pass(userId)
  }

  /** Whether objects and their storage can be reached (`about/health.ts`). */
  async ping(): Promise<void> {
    await this.ctx.storage.getAlarm()
  }

  /** Closes a user's sockets of one session, or of all sessions except one. */
  async closeSockets(userId: number, which: WhichSessions): Promise<void> {
    for (const socket of this.#sockets(userId)) if (hasEnded(socket, which)) closeSignedOut(socket)
    await this.#listening.end(userId)
  }

  /** Closes all sockets, because one user now blocks the other. */
  async closeAll(): Promise<void> {
    this.#typing.forget()
    for (const socket of this.#sockets()) closeSocket(socket, CLOSE.tryAgain, 'unavailable')
    await this.#listening.end()
  }

  /** Opens a socket. The Worker has identified the user (`worker/open-socket.ts`). */
  override async fetch(request: Request): Promise<Response> {
    const { listener } = readListenRequest(request)
    // The alarm is set before the socket exists, so that every socket is closed when its token expires.
    // If changes may still be committed, it is set earlier, so that the socket learns of them.
    const next = this.#queue.isUnsettled() ? Date.now() + CHECK_AFTER_MS : listener.expiresAt
    const isWoken = await wakeAt(this.ctx, next).then(
      () => true,
      () => false,
    )
    if (!isWoken) return new Response(null, { status: 503 })
    try {
      const answer = await this.#listening.begin(
        this.#openDb().forUser(listener),
        listener.userId,
        (newest) => this.#accept(request, newest),
      )
      return answer ?? new Response(null, { status: 429 })
    } catch (error) {
      return refusal(error)
    }
  }

  /** Contains no await, so that no other request can run between the count and accepting the socket. */
  #accept(request: Request, newest: number): Response {
    const { listener, since } = readListenRequest(request)
    const { userId } = listener
    if (!this.#places.hasPlace(this.#sockets(userId))) return new Response(null, { status: 429 })
    const { socket, answer } = accept(this.ctx, request, String(userId))
    // `since` is not of this conversation, or so old that the client should read pages.
    const isResync = since !== undefined && (since > newest || newest - since > MAX_REPLAYED_CHANGES)
    const start = since === undefined || isResync ? newest : since
    attach(socket, { ...newState(listener), seen: start, last: start, isLive: false })
    sendFrame(socket, { type: 'ready', seq: newest })
    if (isResync) sendFrame(socket, { type: 'resync' })
    this.ctx.waitUntil(this.#broadcast.goLive(socket, start))
    return answer
  }

  override async webSocketMessage(socket: WebSocket, data: string | ArrayBuffer): Promise<void> {
    this.#places.noteFrame(socket)
    heard(socket)
    await this.#handleFrame(socket, data)
  }

  override async webSocketClose(socket: WebSocket): Promise<void> {
    closeSocket(socket, CLOSE.normal, '')
    // If this fails, the alarm repeats it.
    await this.#listening.end(attachmentOf(socket).userId).catch((error: unknown) => {
      logMistake(error)
      return wakeAt(this.ctx, Date.now() + CHECK_AFTER_MS)
    })
  }

  override async alarm(): Promise<void> {
    await this.#catchUp.now()
  }

  #tellTyping(userId: number): void {
    const side = sideOf(this.#pair, userId)
    for (const other of this.#sockets(this.#pair[otherSide(side)]))
      sendFrame(other, { type: 'typing', user: userId })
    this.#channels.tellTyping(side)
  }

  #openDb() {
    return openDb(this.env.DB, { primary: true })
  }

  /** The open sockets, of both users or of one. */
  #sockets(userId?: number): WebSocket[] {
    const sockets = this.ctx.getWebSockets(userId === undefined ? undefined : String(userId))
    return sockets.filter(({ readyState }) => readyState === WebSocket.OPEN)
  }
}
