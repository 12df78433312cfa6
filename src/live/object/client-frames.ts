/** Handles frames from clients: the channel passes each to the conversation's object, which orders and stores it. */
import { config } from '../../http/config'
import type { Bindings } from '../../http/env'
import { throttledDetail } from '../../http/errors'
import { MemoryLimit } from '../../limits/memory'
import { secondsToWait } from '../../limits/throttled'
import type { Change } from '../../messaging/shared/changes'
import { readFromFrame, sendFromFrame } from '../../messaging/shared/frame-actions'
import { pairOf } from '../../messaging/shared/pair'
import { TO_SELF } from '../../messaging/shared/refusals'
import { callConversation, commitIn } from '../../sockets/conversation-stub'
import { frameRates } from '../../sockets/frame-rate'
import { end, readFrame, typesInWords } from '../../sockets/incoming'
import { closeIfExpired } from '../../sockets/socket'
import { type ClientFrame, clientFrame, type ServerFrame } from '../shared/frames'
import { replayFrames } from './replay'
import { type Attachment, attachmentOf } from './sockets'

const FRAMES = {
  parse: (fields: unknown) => clientFrame.safeParse(fields).data,
  types: typesInWords(clientFrame.def.options.flatMap(({ shape }) => shape.type.def.values)),
}

interface Surroundings {
  env: () => Bindings
  send: (socket: WebSocket, frames: readonly ServerFrame[]) => void
  /** Tells the client that the session has ended, and closes the socket. */
  signOut: (socket: WebSocket) => void
}

export function frameHandler({ env, send, signOut }: Surroundings) {
  const { limits } = config(env())
  const rates = frameRates(limits)
  const replays = new MemoryLimit<number>(1)

  const commitWith = (userId: number, to: number) => (change: Change) =>
    commitIn(env(), pairOf(userId, to), change)

  async function replay(socket: WebSocket, { to, since }: Extract<ClientFrame, { type: 'replay' }>) {
    const holder = attachmentOf(socket)
    const waitMs = replays.use(limits.replays, holder.userId, Date.now())
    if (waitMs > 0) {
      const retry_after = secondsToWait({ waitMs })
      const errors = { detail: [throttledDetail(retry_after)] }
      return send(socket, [{ type: 'error', to, code: 'throttled', retry_after, errors }])
    }
    const { frames, isSessionEnded } = await replayFrames(env(), holder, { to, since })
    send(socket, frames)
    if (isSessionEnded) signOut(socket)
  }

  async function act(socket: WebSocket, holder: Attachment, frame: Exclude<ClientFrame, { type: 'replay' }>) {
    const { to } = frame
    const { userId } = holder
    if (frame.type === 'typing') {
      if (to === userId || !rates.mayTellTyping(socket, Date.now())) return
      await callConversation(env(), pairOf(userId, to), async (stub) => stub.type(userId)).catch(() => {
        // A lost typing signal does no harm.
      })
      return
    }
    if (to === userId) {
      if (frame.type === 'send') send(socket, [{ type: 'error', to, key: frame.key, errors: TO_SELF }])
      return
    }
    const commit = commitWith(userId, to)
    const { answer, isSessionEnded } =
      frame.type === 'send'
        ? await sendFromFrame(holder, frame, { env: env(), otherId: to, commit })
        : await readFromFrame(holder, frame, commit)
    if (answer) send(socket, [{ ...answer, to }])
    if (isSessionEnded) signOut(socket)
  }

  /** Handles one frame. A frame that cannot be executed gets an `error` frame. */
  return async (socket: WebSocket, data: string | ArrayBuffer): Promise<void> => {
    // The frame was in flight when the socket was closed.
    if (socket.readyState !== WebSocket.OPEN) return
    const now = Date.now()
    if (closeIfExpired(socket, now)) return
    const holder = attachmentOf(socket)
    if (rates.isTooFast(holder.userId, now))
      return end(socket, `At most ${limits.frames?.burst} frames a second.`)
    const frame = readFrame(socket, data, FRAMES)
    if (!frame) return
    await (frame.type === 'replay' ? replay(socket, frame) : act(socket, holder, frame))
  }
}
