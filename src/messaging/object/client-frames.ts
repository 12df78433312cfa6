/** Handles frames from clients of a conversation's socket. */
import { config } from '../../http/config'
import type { Bindings } from '../../http/env'
import { frameRates } from '../../sockets/frame-rate'
import { end, readFrame, typesInWords } from '../../sockets/incoming'
import { closeIfExpired, closeSignedOut, sendFrame } from '../../sockets/socket'
import type { Change, CommitResult } from '../shared/changes'
import { readFromFrame, sendFromFrame } from '../shared/frame-actions'
import { clientFrame } from '../shared/frames'
import { otherSide, type Pair, sideOf } from '../shared/pair'
import { attachmentOf } from './sockets'

interface Surroundings {
  pair: Pair
  env: Bindings
  commit: (change: Change) => Promise<CommitResult>
  /** Passes on that this user is typing. */
  tellTyping: (userId: number) => void
}

export type FrameHandler = (socket: WebSocket, data: string | ArrayBuffer) => Promise<void>

const FRAMES = {
  parse: (fields: unknown) => clientFrame.safeParse(fields).data,
  types: typesInWords(clientFrame.def.options.flatMap(({ shape }) => shape.type.def.values)),
}

/** Handles frames. A frame that cannot be executed gets an `error` frame. */
export function frameHandler({ pair, env, commit, tellTyping }: Surroundings): FrameHandler {
  const { limits } = config(env)
  const rates = frameRates(limits)

  return async (socket, data) => {
    // The frame was in flight when the socket was closed.
    if (socket.readyState !== WebSocket.OPEN) return
    const now = Date.now()
    if (closeIfExpired(socket, now)) return
    const holder = attachmentOf(socket)
    if (rates.isTooFast(holder.userId, now))
      return end(socket, `At most ${limits.frames?.burst} frames a second.`)
    const frame = readFrame(socket, data, FRAMES)
    if (!frame) return
    if (frame.type === 'typing') {
      if (rates.mayTellTyping(socket, now)) tellTyping(holder.userId)
      return
    }
    const otherId = pair[otherSide(sideOf(pair, holder.userId))]
    const { answer, isSessionEnded } =
      frame.type === 'send'
        ? await sendFromFrame(holder, frame, { env, otherId, commit })
        : await readFromFrame(holder, frame, commit)
    if (answer) sendFrame(socket, answer)
    if (isSessionEnded) closeSignedOut(socket)
  }
}
