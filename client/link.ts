/** One connection, which detects its own loss even if nothing reports it. */
/** The part of a WebSocket that is used here, so that any implementation works. */
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
  /** Does not wait for the other side to acknowledge. */
  drop(): void
}

/** `refused`: the socket never opened, and browsers do not say why. */
export type Loss = 'refused' | 'signed out' | 'too fast' | 'cut'

interface Listeners<Frame> {
  receive(frame: Frame): void
  /** The other side answered a ping. */
  alive(): void
  /** Called once; no call follows it. */
  lost(why: Loss): void
}

const OPEN = 1
/** The API's close codes. */
const LOSSES: Record<number, Loss> = { 1008: 'too fast', 4401: 'signed out' }
const HEARTBEAT_MS = 15_000
/**
 * When the other side closes, `close` only fires once TCP has ended too: seconds later in browsers, half a minute in Node. `readyState` changes
 * immediately, but without an event, so it is polled.
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
  // A dead connection can stay silent for minutes, so a socket that neither opens nor answers a ping is dropped.
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
  // `close` follows. Without a listener for errors, the package `ws` would end the process.
  socket.addEventListener('error', () => undefined)
  return { send: (frame) => socket.send(JSON.stringify(frame)), drop }
}
