/** The channel's socket. It reconnects after every interruption, with a new token if needed. */
import { type Link, type Loss, link, type SocketConstructor } from '../link'
import { Pace } from '../pace'
import { later, platform } from '../platform'
import type { ChannelFrame } from '../schema'
import type { Tokens } from '../tokens'
import type { Transport } from '../transport'
import type { LiveOptions, LiveStatus } from './types'

interface Hooks {
  receive(frame: ChannelFrame): void
  lost(): void
  ended(status: LiveStatus): void
}

const FIRST_PAUSE_MS = 250
const LONGEST_PAUSE_MS = 15_000
/** Conversations wait this long for the channel before each opens its own connection. */
const PATIENCE_MS = 3_000
/** Statuses that retrying cannot change. */
const FINAL = [401, 403, 404]

export class Connection {
  isEnded = false
  /** Whether the connection is open, or is expected to be soon. */
  isLikely = true
  #link: Link | undefined
  #isConnecting = false
  #isReady = false
  /** The user whose tokens opened the connection. */
  #owner: number | undefined
  #used: string | undefined
  #pause = FIRST_PAUSE_MS
  #cancelRetry: () => void = () => undefined
  #cancelPatience: () => void = () => undefined
  #waiting: ((isReady: boolean) => void)[] = []
  readonly #Socket: SocketConstructor
  readonly #transport: Transport
  readonly #hooks: Hooks
  readonly #pace = new Pace()
  readonly #stopListening: () => void

  constructor(transport: Transport, { WebSocket: Socket = platform.WebSocket }: LiveOptions, hooks: Hooks) {
    if (!Socket) throw new TypeError('There is no WebSocket here: pass one to live().')
    this.#Socket = Socket
    this.#transport = transport
    this.#hooks = hooks
    const owner = transport.identity()
    this.#stopListening = transport.auth.listen(async (change) => {
      if (change.type === 'signed-out' || change.user.pk !== (await owner)) this.end('signed-out')
    })
    // Browsers report when the network is back, so there is no need to wait any longer.
    platform.addEventListener?.('online', this.#connect)
    platform.addEventListener?.('offline', this.#drop)
    this.#beginPatience()
    void this.#connect()
  }

  say(frame: object): void {
    this.#pace.run(() => this.#link?.send(frame))
  }

  /** Called when the first frame has arrived. */
  ready(): void {
    this.#isReady = true
    this.isLikely = true
    this.#cancelPatience()
    this.#tellWaiting()
  }

  async whenReady(): Promise<boolean> {
    if (this.#isReady || !this.isLikely) return this.#isReady
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  /** Whether the connection belongs to the user of these tokens. With cookies, the browser determines the user. */
  takes(kept: Tokens | undefined): boolean {
    return this.isLikely && kept?.user === this.#owner
  }

  /** The API has ended the session. Renewing makes the rest of this client notice. */
  signOut(): void {
    void this.#transport.renew(this.#used).catch(() => undefined)
    this.end('signed-out')
  }

  end(status: LiveStatus): void {
    if (this.isEnded) return
    this.isEnded = true
    this.isLikely = false
    this.#cancelRetry()
    this.#cancelPatience()
    this.#stopListening()
    platform.removeEventListener?.('online', this.#connect)
    platform.removeEventListener?.('offline', this.#drop)
    this.#drop()
    this.#tellWaiting()
    this.#hooks.ended(status)
  }

  readonly #drop = () => this.#link?.drop()

  readonly #connect = async () => {
    if (this.#link || this.#isConnecting || this.isEnded) return
    this.#isConnecting = true
    this.#cancelRetry()
    const { baseUrl, usesCookies, tokens } = this.#transport
    const kept = usesCookies ? undefined : await tokens.get()
    this.#isConnecting = false
    if (this.isEnded) return
    this.#owner = kept?.user
    this.#used = kept?.access
    const url = `${baseUrl.replace(/^http/i, 'ws')}/live/`
    try {
      this.#link = link<ChannelFrame>(this.#transport.open(this.#Socket, url, kept), {
        receive: (frame) => this.#hooks.receive(frame),
        alive: () => {
          this.#pause = FIRST_PAUSE_MS
        },
        lost: (why) => void this.#lost(why, kept?.access),
      })
    } catch {
      // Never allowed here: for example, a page on https may not open `ws:`.
      this.end('refused')
    }
  }

  async #lost(why: Loss, access: string | undefined): Promise<void> {
    this.#link = undefined
    this.#pace.clear()
    if (why === 'too fast') this.#pace.slower()
    if (this.#isReady) this.#beginPatience()
    this.#isReady = false
    this.#hooks.lost()
    if (this.isEnded) return
    const status = await this.#find(why, access).catch((error) => Number(error?.status))
    if (this.isEnded) return
    if (status && FINAL.includes(status)) return this.end(status === 401 ? 'signed-out' : 'refused')
    // Random, so that clients that were all cut off at once do not all reconnect at once.
    this.#cancelRetry = later(this.#connect, this.#pause * (0.5 + Math.random()))
    this.#pause = Math.min(this.#pause * 2, LONGEST_PAUSE_MS)
  }

  /** Finds the reason, and renews the token if it had expired. Throws the API's error. */
  async #find(why: Loss, access: string | undefined): Promise<undefined> {
    if (why === 'signed out') await this.#transport.renew(access)
    if (why === 'refused') await this.#transport.call('GET', '/live/')
    return undefined
  }

  #beginPatience(): void {
    this.#cancelPatience = later(() => {
      this.isLikely = false
      this.#tellWaiting()
    }, PATIENCE_MS)
  }

  #tellWaiting(): void {
    for (const tell of this.#waiting.splice(0)) tell(this.#isReady)
  }
}
