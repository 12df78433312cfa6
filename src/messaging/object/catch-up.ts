/** Finds out whether those who listen have missed something, and whether they may still listen. */
import type { Db } from '../../db/client'
import { withinDeadline } from '../../deadline'
import { wakeAt } from '../../sockets/accept'
import { liveListeners } from '../../sockets/live-sessions'
import { logMistake } from '../../sockets/mistakes'
import { CLOSE } from '../../sockets/protocol'
import { closeIfExpired, closeSignedOut, closeSocket } from '../../sockets/socket'
import type { Broadcast } from './broadcast'
import type { CommitQueue } from './commit-queue'
import type { Listening } from './listening'
import { attachmentOf } from './sockets'

/** Those who listen learn of what they were not told at once, or are closed, within two seconds: they are caught up with after so long, */
export const CHECK_AFTER_MS = 1_000
/** and that may take so long. */
const CATCH_UP_MS = 600

interface Surroundings {
  ctx: DurableObjectState
  openDb: () => Db
  queue: CommitQueue
  broadcast: Broadcast
  listening: Listening
  /** All that are open. */
  sockets: () => WebSocket[]
}

export interface CatchUp {
  /** Something may be committed that those who listen were not told: finds out within two seconds; without an alarm, by a timer. */
  soon(): Promise<void>
  /** Lets those catch up that a failed commit left behind, and closes sockets whose token, session or user has ended. */
  now(): Promise<void>
}

/** `mayBeBehind`: whether an object that has just woken up may have been left with something undone. */
export function catchUp(
  { ctx, openDb, queue, broadcast, listening, sockets }: Surroundings,
  mayBeBehind: boolean,
): CatchUp {
  let isBehind = mayBeBehind

  /** Sends what they have missed to those who listen. If that fails they are closed: they come back with what they have seen. */
  async function mend(): Promise<boolean> {
    try {
      await withinDeadline(CATCH_UP_MS, () =>
        queue.exclusively(async () => {
          await queue.settle()
          await broadcast.catchUpAll()
          isBehind = false
        }),
      )
      return true
    } catch (error) {
      logMistake(error)
      // Who is told nothing must not believe that nothing happens.
      for (const socket of sockets()) closeSocket(socket, CLOSE.tryAgain, 'unavailable')
      return false
    }
  }

  async function soon(): Promise<void> {
    isBehind = true
    await wakeAt(ctx, Date.now() + CHECK_AFTER_MS).catch(() => {
      ctx.waitUntil(new Promise((done) => setTimeout(done, CHECK_AFTER_MS)).then(now))
    })
  }

  async function now(): Promise<void> {
    const time = Date.now()
    for (const socket of sockets()) closeIfExpired(socket, time)
    // First of all, as the rest may take as long as D1 is given.
    if (isBehind && !(await mend())) return
    const open = sockets()
    try {
      if (open.length > 0)
        await wakeAt(ctx, Math.min(...open.map((socket) => attachmentOf(socket).expiresAt)))
      await listening.end()
      if (open.length === 0) return
      const mayStay = await liveListeners(openDb(), open.map(attachmentOf), time)
      const ended = open.filter((socket) => !mayStay(attachmentOf(socket)))
      ended.forEach(closeSignedOut)
      if (ended.length > 0) await listening.end()
    } catch (error) {
      logMistake(error)
      await soon()
    }
  }

  return { soon, now }
}
