/** One request: with its token, which is renewed if it has expired, and retried if the connection failed. */
import { type Auth, authState } from './auth'
import { badImage, errorFrom, failure, retryAfter } from './errors'
import { encode, type Fields, isBlob } from './files'
import type { Socket, SocketConstructor } from './link'
import type { Call, CallOptions, Input, Method, Options } from './options'
import { pageStorage, pause, platform, randomKey, throwIfAborted, unlessAborted } from './platform'
import type { User } from './schema'
import { type TokenKeeper, type Tokens, tokenKeeper } from './tokens'
import { type Send, type SendInit, withProgress } from './upload'

export interface Transport {
  baseUrl: string
  usesCookies: boolean
  tokens: TokenKeeper
  auth: Auth
  call: Call
  /** Renews the access token, once for all concurrent callers. */
  renew(stale: string | undefined): Promise<void>
  /** Asks the API who is signed in now. */
  me(options?: CallOptions): Promise<User>
  /** The id of the signed-in user, as far as this device knows. */
  identity(): Promise<number | undefined>
  /** Prepares an image for the API, if there is an image preparer. */
  prepare(fields: Fields, input: Input): Promise<Fields>
  /** Opens a socket. While the channel is open, conversations share its connection (`channel/`). */
  open(Socket: SocketConstructor, url: string, kept: Tokens | undefined): Socket
}

/** Without a suffix, this is the name that used to hold the tokens of any API. */
const NAME = 'edge-social-api'
const TRIES = 3
const PAUSE_MS = 300
/** If the API asks to wait longer than this, the call fails at once. */
export const LONGEST_WAIT_SECONDS = 60
export const IMAGE_BYTES = 2 * 1024 * 1024
/** Repeating these would report that the name is taken, or that the old password is wrong. */
const ONCE = /registration|password/

export function transport({ baseUrl, auth: mode, storage, images, fetch }: Options): Transport {
  const usesCookies = (mode ?? (platform.document ? 'cookie' : 'bearer')) === 'cookie'
  const base = absolute(baseUrl)
  // An app may use several APIs with the same storage.
  const name = `${NAME}${usesCookies ? '' : ':tokens'}:${base}`
  const tokens = tokenKeeper(usesCookies ? pageStorage() : storage, name, !usesCookies && NAME)
  const auth = authState(usesCookies || storage ? name : undefined)
  // With bearer tokens, cookies are omitted: they could keep a user signed in who has signed out here. Workers have no cookies, and do not support
  // this setting.
  const credentials = usesCookies ? 'include' : platform.XMLHttpRequest && 'omit'
  const plain: Send = fetch ?? ((url, init) => globalThis.fetch(url, init))

  /** Throws status 0 if there is no answer. Only retries requests that may be repeated; `isRepeated` says whether it did. */
  async function send(path: string, build: () => Promise<SendInit>, mayRepeat: boolean, way = plain) {
    let hasWaited = false
    for (let attempt = 1; ; attempt++) {
      const init = await build()
      const { signal } = init
      // Needed for `fetch` replacements that ignore signals, or that only notice a later abort.
      throwIfAborted(signal)
      const response = await way(base + path, { ...init, ...(credentials && { credentials }) }).catch(
        () => undefined,
      )
      if (response?.status === 429 && !hasWaited) {
        // The request was not executed, so any request may be sent again, once.
        const seconds = retryAfter(response.headers)
        hasWaited = true
        if (seconds <= LONGEST_WAIT_SECONDS) {
          await pause((seconds + Math.random() / 4) * 1000, signal)
          attempt--
          continue
        }
      }
      const isLast = !mayRepeat || attempt >= TRIES
      if (response && (isLast || response.status !== 503)) return { response, isRepeated: attempt > 1 }
      if (isLast) throw failure('network', 'The API cannot be reached.')
      await pause(PAUSE_MS * 2 ** attempt * (0.5 + Math.random()), signal)
    }
  }

  function renew(stale: string | undefined): Promise<void> {
    return tokens.renewOnce(stale, async (kept) => {
      if (!usesCookies && !kept) throw failure('not_authenticated', 'Signed out.')
      const init: SendInit = {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ refresh: kept?.refresh || undefined }),
      }
      const { response } = await send('/dj-rest-auth/token/refresh/', async () => init, true)
      if (response.status === 401) await expire(kept)
      if (!response.ok) throw await errorFrom(response)
      const { access, refresh } = await readJson<{ access: string; refresh?: string }>(response)
      // If the API returns a new refresh token, it is valid longer than the old one.
      if (kept && !usesCookies) await tokens.renewed(kept, { ...kept, access, ...(refresh && { refresh }) })
    })
  }

  /** The API has ended the session. Does nothing if somebody has signed in or out in the meantime. */
  async function expire(kept: Tokens | undefined): Promise<void> {
    if (kept && (await tokens.renewed(kept, undefined))) auth.tell({ type: 'signed-out', why: 'expired' })
  }

  /** Rejects with the signal's reason at once, whatever is in progress, even a renewal that others wait for or a body being read. */
  const call: Call = <T>(method: Method, path: string, input: Input = {}) =>
    unlessAborted(perform<T>(method, path, input), input.signal)

  async function perform<T>(method: Method, path: string, input: Input): Promise<T> {
    const { query, body, signal, onProgress } = input
    const key = input.idempotencyKey ?? (method === 'POST' ? randomKey() : undefined)
    const content = body && (await encode(await prepare(body as Fields, input)))
    const isForm = typeof content === 'object'
    let used: string | undefined
    const build = async (): Promise<SendInit> => {
      used = input.token ?? (usesCookies ? undefined : (await tokens.get())?.access)
      return {
        method,
        headers: {
          ...(typeof content === 'string' && { 'content-type': 'application/json' }),
          ...(used && { authorization: `Bearer ${used}` }),
          ...(key && { 'idempotency-key': key }),
        },
        ...(content && { body: content }),
        ...(signal && { signal }),
      }
    }
    const way = onProgress && isForm ? withProgress(fetch, onProgress) : plain
    const mayRepeat = method !== 'PATCH' && !ONCE.test(path)
    const target = path + search(query)
    let { response, isRepeated } = await send(target, build, mayRepeat, way)
    if (response.status === 401) {
      const error = await errorFrom(response)
      // The body may have been cut off before its code.
      throwIfAborted(signal)
      // To the API, a page whose cookies are gone is anonymous.
      if (usesCookies && error.code === 'not_authenticated') await expire(await tokens.get())
      if (error.code !== 'token_not_valid' || !(usesCookies || used)) throw error
      await renew(used)
      const again = await send(target, build, mayRepeat, way)
      response = again.response
      isRepeated ||= again.isRepeated
    }
    // An earlier attempt, whose answer was lost, has already deleted it.
    const isGone = method === 'DELETE' && isRepeated && response.status === 404
    if (!response.ok && !isGone) throw await errorFrom(response)
    // The caller states the type of the answer; null if there is no body.
    return isGone || response.status === 204 ? (null as T) : readJson<T>(response)
  }

  /** Returns the fields with the image prepared for the API, and with its thumbhash unless they contain one. */
  async function prepare(
    fields: Fields,
    { maxImageBytes: maxBytes = IMAGE_BYTES, signal, onProgress }: Input,
  ): Promise<Fields> {
    const { image } = fields
    if (!images || !isBlob(image)) return fields
    const { prepareImage } = await images()
    return prepareImage(image, {
      maxBytes,
      ...(signal && { signal }),
      ...(onProgress && { onProgress: (fraction) => onProgress({ stage: 'preparing', fraction }) }),
    }).then(
      (result) => ({ image_thumbhash: result.thumbhash, ...fields, image: result.image }),
      (error: Error) => {
        throw badImage(error.message)
      },
    )
  }

  async function me(options?: CallOptions): Promise<User> {
    const user = await call<User>('GET', '/dj-rest-auth/user/', options)
    if (usesCookies) await tokens.set({ access: '', refresh: '', user: user.pk })
    return user
  }

  const open: Transport['open'] = (Socket, url, kept) =>
    kept ? new Socket(url, ['bearer', kept.access]) : new Socket(url)

  const identity = async () => (await tokens.get())?.user

  return { baseUrl: base, usesCookies, tokens, auth, renew, call, me, identity, prepare, open }
}

/** Only a page has an address that another can be relative to. */
function absolute(url: string): string {
  const page = platform.location?.href
  const isRelative = !/^https?:\/\//i.test(url)
  if (isRelative && !page) throw new TypeError('baseUrl must begin with https:// or http://')
  return (isRelative ? new URL(url, page).href : url).replace(/\/+$/, '')
}

/** Built by hand, because not every platform's URL can be modified. */
function search(query: object = {}): string {
  const pairs = Object.entries(query)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`)
    .join('&')
  return pairs && `?${pairs}`
}

/** Fails if the body is cut off, or is not the API's. */
const readJson = <T>(response: Response): Promise<T> =>
  response.json().catch(() => {
    throw failure('unreadable', 'The answer cannot be read.')
  })
