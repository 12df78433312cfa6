/** The other end of a conversation, in memory: takes each key once, and can be told to fail. */
import type { Message, SocketConstructor } from '../../client/index'

export interface Room {
  Socket: SocketConstructor
  /** What was stored, in order. */
  texts: string[]
  /** Frames that came, with the time of each in milliseconds. */
  frames: { frame: Record<string, unknown>; at: number }[]
  opened: number
  /** How often the client has asked whether this end is there. */
  pings: number
  isOffline: boolean
  /** Stores what comes, and does not answer. */
  isMute: boolean
  /** Refuses so many messages with `throttled`, each for so many seconds. */
  throttles: { times: number; seconds: number }
  /** Begins to close, as a server does; the connection below stays. */
  beginClosing(): void
  /** Ends the connection. */
  cut(code?: number): void
}

type Listener = (event: { type: string; data?: unknown; code?: number }) => void

export function room(): Room {
  const keys = new Map<string, Message>()
  let current: FakeSocket | undefined
  let seq = 0

  class FakeSocket {
    readyState = 0
    readonly #listeners: [string, Listener][] = []

    constructor() {
      setTimeout(() => {
        if (it.isOffline) return this.end(1006)
        it.opened += 1
        current = this
        this.readyState = 1
        this.tell('open')
        this.say({ type: 'ready', seq })
      })
    }

    addEventListener(type: string, listener: Listener) {
      this.#listeners.push([type, listener])
    }

    send(data: string) {
      if (data === 'ping') it.pings += 1
      if (this.readyState !== 1 || data === 'ping') return
      const frame = JSON.parse(data)
      it.frames.push({ frame, at: Date.now() })
      if (frame.type !== 'send') return
      if (it.throttles.times > 0) {
        it.throttles.times -= 1
        const refusal = { key: frame.key, code: 'throttled', retry_after: it.throttles.seconds }
        setTimeout(() => this.say({ type: 'error', ...refusal, errors: { detail: ['Throttled.'] } }))
        return
      }
      if (!keys.has(frame.key)) {
        keys.set(frame.key, { id: ++seq, seq, content: frame.content } as Message)
        it.texts.push(frame.content)
      }
      if (!it.isMute)
        setTimeout(() => this.say({ type: 'sent', key: frame.key, message: keys.get(frame.key) }))
    }

    close() {
      this.end(1000)
    }

    say(frame: object) {
      if (this.readyState === 1) this.tell('message', { data: JSON.stringify(frame) })
    }

    end(code: number) {
      if (this.readyState === 3) return
      this.readyState = 3
      setTimeout(() => this.tell('close', { code }))
    }

    tell(type: string, more: object = {}) {
      for (const [wanted, listener] of this.#listeners) if (wanted === type) listener({ type, ...more })
    }
  }

  const it: Room = {
    Socket: FakeSocket,
    texts: [],
    frames: [],
    opened: 0,
    pings: 0,
    isOffline: false,
    isMute: false,
    throttles: { times: 0, seconds: 0 },
    beginClosing() {
      if (current) current.readyState = 2
    },
    cut: (code = 1006) => current?.end(code),
  }
  return it
}
