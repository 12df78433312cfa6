/** Checks whether listeners have missed something, and whether they may still listen. */
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

/** When to catch up. Listeners get a change that was not broadcast at once within two seconds, or are closed. */
export const CHECK_AFTER_MS = 1_000
/** The deadline for catching up. */
const CATCH_UP_MS = 600

interface Surroundings {
  ctx: DurableObjectState
  openDb: () => Db
  queue: CommitQueue
  broadcast: Broadcast
  listening: Listening
  /** All open sockets. */
  sockets: () => WebSocket[]
}

export interface CatchUp {
  /** Schedules a check within two seconds, because a commit may not have been broadcast. Uses a timer if the alarm cannot be set. */
  soon(): Promise<void>
  /** Catches up after a failed commit, and closes sockets whose token, session or user is no longer valid. */
  now(): Promise<void>
}

/** `mayBeBehind`: whether the object has just woken up and may have left work undone before. */
export function catchUp(
  { ctx, openDb, queue, broadcast, listening, sockets }: Surroundings,
  mayBeBehind: boolean,
): CatchUp {
  let isBehind = mayBeBehind

  /** Sends listeners what they have missed. If that fails, closes all sockets: clients reconnect and state what they have seen. */
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
      // A client that gets no events must not believe that nothing happens.
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
    // This comes first, because the rest may take as long as D1's deadlines allow.
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
