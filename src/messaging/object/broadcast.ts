/** Sends events to all open sockets, in the order of their commits and without gaps. */
import type { Db } from '../../db/client'
import { ForeignKeyViolation, isSignedOut } from '../../db/errors'
import type { Bindings } from '../../http/env'
import { privateImageUrlsAt } from '../../images/private-url'
import { logMistake } from '../../sockets/mistakes'
import { CLOSE } from '../../sockets/protocol'
import { closeIfExpired, closeSignedOut, closeSocket, sendFrame } from '../../sockets/socket'
import type { ConversationEvent } from '../shared/changes'
import type { Pair } from '../shared/pair'
import type { Committed } from './commit-queue'
import { type CatchUp, MAX_REPLAYED_CHANGES, missedChanges, newestSeq } from './missed-changes'
import { attach, attachmentOf, deliver, MAX_REPLAYED_BYTES } from './sockets'

interface Surroundings {
  pair: Pair
  env: Bindings
  openDb: () => Db
  /** All open sockets. */
  sockets: () => WebSocket[]
  /** Runs a function while nothing is being committed. */
  exclusively: <T>(run: () => Promise<T>) => Promise<T>
  /** When the client last sent a ping, in milliseconds since the epoch. */
  heardAt: (socket: WebSocket) => number
}

export interface Broadcast {
  /** Sends news to every socket; one that has fallen behind first gets what it missed. Call it only while nothing else is committed. */
  tell(news: Committed): Promise<void>
  /** Sends a new socket what it has missed since this seq, then includes it in every broadcast. */
  goLive(socket: WebSocket, since: number): Promise<void>
  /** Sends each live socket what it has missed. Call it only while nothing is committed. */
  catchUpAll(): Promise<void>
}

export function broadcast({ pair, env, openDb, sockets, exclusively, heardAt }: Surroundings): Broadcast {
  const send = (socket: WebSocket, events: ConversationEvent[], seen: number, maxBytes?: number) => {
    const urls = privateImageUrlsAt(env, attachmentOf(socket))
    return deliver(socket, {
      events,
      seen,
      urls,
      heardAt: heardAt(socket),
      ...(maxBytes !== undefined && { maxBytes }),
    })
  }

  /** Tells the client to read pages, and continues from the newest change. */
  function resync(socket: WebSocket, newest: number): void {
    attach(socket, { ...attachmentOf(socket), seen: newest, last: newest })
    sendFrame(socket, { type: 'ready', seq: newest })
    sendFrame(socket, { type: 'resync' })
  }

  /** Brings a socket up to the newest change. If that fails, closes the socket, and its client reconnects. */
  async function catchUp(
    socket: WebSocket,
    progress: CatchUp = { from: attachmentOf(socket).seen, shown: new Set(), bytes: 0 },
  ): Promise<void> {
    try {
      while (socket.readyState === WebSocket.OPEN) {
        const { seen, ...listener } = attachmentOf(socket)
        // Checks the session again, since it may have ended before the socket was accepted. A session that ends later closes the socket.
        const missed = await missedChanges(openDb().forUser(listener), pair, seen, progress)
        progress.bytes += send(socket, missed.events, missed.seen, MAX_REPLAYED_BYTES - progress.bytes)
        if (progress.bytes > MAX_REPLAYED_BYTES) return resync(socket, missed.newest)
        if (missed.seen >= missed.newest) return
        if (missed.newest - progress.from > MAX_REPLAYED_CHANGES) return resync(socket, missed.newest)
      }
    } catch (error) {
      if (isSignedOut(error)) return closeSignedOut(socket)
      // A block between the two users is not a bug.
      if (!(error instanceof ForeignKeyViolation)) logMistake(error)
      closeSocket(socket, CLOSE.tryAgain, 'unavailable')
    }
  }

  async function catchUpAll(): Promise<void> {
    const newest = await newestSeq(openDb(), pair)
    for (const socket of sockets()) {
      const { isLive, seen } = attachmentOf(socket)
      if (isLive && seen < newest) await catchUp(socket)
    }
  }

  return {
    catchUpAll,

    async tell({ events, isGap, isByOthers }) {
      // Such changes happen even if one user blocks the other, so each listener must be checked.
      if (isByOthers) return catchUpAll()
      const first = events[0]
      const last = events.at(-1)
      if (!first || !last) return isGap ? catchUpAll() : undefined
      for (const socket of sockets()) {
        const { isLive, seen } = attachmentOf(socket)
        if (!isLive || closeIfExpired(socket, Date.now())) continue
        if (seen === first.seq - 1) send(socket, events, last.seq)
        else await catchUp(socket)
      }
    },

    async goLive(socket, since) {
      const progress = { from: since, shown: new Set<number>(), bytes: 0 }
      await catchUp(socket, progress)
      // The last part runs while nothing is committed, so that no change falls between catching up and going live.
      await exclusively(async () => {
        await catchUp(socket, progress)
        if (socket.readyState === WebSocket.OPEN) attach(socket, { ...attachmentOf(socket), isLive: true })
      })
    },
  }
}
