/** One connection, which notices when it is gone, also where nothing says so. */
/** What is needed of a WebSocket, so that any implementation will do. */
export interface Socket {
  readonly readyState: number
  send(data: string): void
  close(code?: number): void
  // biome-ignore lint/suspicious/noExplicitAny: platforms disagree on what an event is; each listener says what it needs of one
  addEventListener(type: string, listener: (event: any) => void): void
}

export type SocketConstructor = new (url: string, protocols?: string[]) => Socket

export interface Link {
  send(frame: object): void
  /** Does not wait for the other side to agree. */
  drop(): void
}

/** `refused`: it never opened, and pages are not told why. */
export type Loss = 'refused' | 'signed out' | 'too fast' | 'cut'

interface Listeners<Frame> {
  receive(frame: Frame): void
  /** The other side answers. */
  alive(): void
  /** Called once; nothing comes after it. */
  lost(why: Loss): void
}

const OPEN = 1
/** Close codes of the API. */
const LOSSES: Record<number, Loss> = { 1008: 'too fast', 4401: 'signed out' }
const HEARTBEAT_MS = 15_000
/**
 * When the other side closes, `close` is told once TCP has ended as well: seconds later in browsers, half a minute in Node. `readyState`
 * changes at once, and nothing tells of it.
 */
const WATCH_MS = 200

export function link<Frame>(socket: Socket, { receive, alive, lost }: Listeners<Frame>): Link {
  let isOpened = false
  let isAlive = true
  let isOver = false

  const end = (code = 0) => {
    if (isOver) return
    isOver = true
    clearInterval(heartbeat)
    clearInterval(watch)
    lost(isOpened ? (LOSSES[code] ?? 'cut') : 'refused')
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
  }, HEARTBEAT_MS)
  const watch = setInterval(() => {
    if (isOpened && socket.readyState !== OPEN) end()
  }, WATCH_MS)

  socket.addEventListener('open', () => {
    isOpened = true
  })
  socket.addEventListener('message', ({ data }: { data: string }) => {
    if (isOver) return
    isAlive = true
    if (data === 'pong') alive()
    else receive(JSON.parse(data))
  })
  socket.addEventListener('close', ({ code }: { code?: number }) => end(code))
  // `close` follows. But for a listener, the package `ws` would end the process.
  socket.addEventListener('error', () => undefined)
  return { send: (frame) => socket.send(JSON.stringify(frame)), drop }
}
