/** One connection, which notices when it is gone, also where nothing says so. */
import type { ServerFrame } from '../src/messaging/shared/frames'

export interface Link {
  send(frame: object): void
  /** Does not wait for the other side to agree. */
  drop(): void
}

/** `refused`: it never opened, and pages are not told why. */
export type Loss = 'refused' | 'signed out' | 'cut'

interface Listeners {
  receive(frame: ServerFrame): void
  /** The other side answers. */
  alive(): void
  /** Called once; nothing comes after it. */
  lost(why: Loss): void
}

const SIGNED_OUT = 4401
const HEARTBEAT = 15_000

export function link(socket: WebSocket, { receive, alive, lost }: Listeners): Link {
  let isOpened = false
  let isAlive = true
  let isOver = false

  const end = (code?: number) => {
    if (isOver) return
    isOver = true
    clearInterval(heartbeat)
    lost(code === SIGNED_OUT ? 'signed out' : isOpened ? 'cut' : 'refused')
  }
  const drop = () => {
    socket.close(1000)
    end()
  }
  // A way that is gone says nothing for minutes: what neither opens nor answers a ping is given up.
  const heartbeat = setInterval(() => {
    if (!isAlive) return drop()
    isAlive = false
    if (isOpened) socket.send('ping')
  }, HEARTBEAT)

  socket.addEventListener('open', () => {
    isOpened = true
  })
  socket.addEventListener('message', ({ data }) => {
    if (isOver) return
    isAlive = true
    if (data === 'pong') alive()
    else receive(JSON.parse(String(data)))
  })
  socket.addEventListener('close', ({ code }) => end(code))
  return { send: (frame) => socket.send(JSON.stringify(frame)), drop }
}
