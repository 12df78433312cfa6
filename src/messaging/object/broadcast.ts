/** Tells those who listen what happens, in the order of commitment and without a gap. */
import type { Db } from '../../db/client'
import { isSignedOut } from '../../db/errors'
import type { Bindings } from '../../http/env'
import { imageUrlsAt } from '../../images/url'
import { CLOSE } from '../shared/frames'
import type { Pair } from '../shared/pair'
import type { Committed } from './commit-queue'
import { type CatchUp, missedChanges, newestSeq } from './missed-changes'
import { attach, attachmentOf, closeIfExpired, closeSignedOut, closeSocket, deliver } from './sockets'

interface Surroundings {
  pair: Pair
  env: Bindings
  openDb: () => Db
  /** All sockets that are open. */
  sockets: () => WebSocket[]
  /** Runs something while nothing is being committed. */
  exclusively: <T>(run: () => Promise<T>) => Promise<T>
}

export interface Broadcast {
  /** Tells everybody. Whoever missed something before gets that first. Only while nothing else is committed. */
  tell(news: Committed): Promise<void>
  /** Sends a new socket what it has missed since this seq, and from then on what happens. */
  goLive(socket: WebSocket, since: number): Promise<void>
  /** Sends what they have missed to all that a commit may have left behind. Only while nothing is committed. */
  catchUpAll(): Promise<void>
}

export function broadcast({ pair, env, openDb, sockets, exclusively }: Surroundings): Broadcast {
  const urlsFor = (socket: WebSocket) => imageUrlsAt(env, attachmentOf(socket).origin)

  /** From where the socket is to the newest change. One that cannot be served is closed: its client comes back. */
  async function catchUp(
    socket: WebSocket,
    progress: CatchUp = { from: attachmentOf(socket).seen, shown: new Set() },
  ): Promise<void> {
    try {
      while (socket.readyState === WebSocket.OPEN) {
        const { seen, ...listener } = attachmentOf(socket)
        // Asked again after the socket was accepted: a session that ends in between is seen here, one that ends later closes the socket.
        const missed = await missedChanges(openDb().forUser(listener), pair, seen, progress)
        deliver(socket, missed.events, missed.seen, urlsFor(socket))
        if (missed.seen >= missed.newest) return
      }
    } catch (error) {
      if (isSignedOut(error)) closeSignedOut(socket)
      else closeSocket(socket, CLOSE.tryAgain, 'unavailable')
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

    async tell({ events, isGap }) {
      const first = events[0]
      const last = events.at(-1)
      if (!first || !last) return isGap ? catchUpAll() : undefined
      for (const socket of sockets()) {
        const { isLive, seen } = attachmentOf(socket)
        if (!isLive || closeIfExpired(socket, Date.now())) continue
        if (seen === first.seq - 1) deliver(socket, events, last.seq, urlsFor(socket))
        else await catchUp(socket)
      }
    },

    async goLive(socket, since) {
      const progress = { from: since, shown: new Set<number>() }
      await catchUp(socket, progress)
      // The end of it while nothing is committed, so that nothing falls between what was missed and what happens.
      await exclusively(async () => {
        await catchUp(socket, progress)
        if (socket.readyState === WebSocket.OPEN) attach(socket, { ...attachmentOf(socket), isLive: true })
      })
    },
  }
}
