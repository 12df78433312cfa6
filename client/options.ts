/** Options of the client and of its calls. */
import type { Live, LiveOptions } from './channel/types'
import type { TokenStorage } from './tokens'
import type { Transport } from './transport'
import type { Progress, Send } from './upload'

/** Prepares images before they are sent: `edge-social-api/client/images`, or a similar module. */
export interface ImagePreparer {
  prepareImage(
    image: Blob,
    options: { maxBytes: number; onProgress?: (fraction: number) => void; signal?: AbortSignal },
  ): Promise<{ image: Blob; thumbhash?: string }>
}

/** `edge-social-api/client/live`. */
export interface LiveModule {
  openLive(transport: Transport, options?: LiveOptions): Live
}

export interface Options {
  /** The API's address: `https://api.example.com`, with `/api` appended if you like; in pages also `/api` on their own origin. */
  baseUrl: string
  /**
   * `cookie`: the browser stores the tokens, where scripts cannot read them. `bearer`: this client stores them. Default: `cookie` in pages, `bearer`
   * elsewhere.
   */
  auth?: 'cookie' | 'bearer' | undefined
  /** For `bearer`: persistent storage for the tokens. Without it, or if it fails, tokens last as long as this client. */
  storage?: TokenStorage | undefined
  /** Prepares the images of posts, profiles and messages: `() => import('edge-social-api/client/images')`. */
  images?: (() => Promise<ImagePreparer>) | undefined
  /** The one connection for everything: `() => import('edge-social-api/client/live')`. */
  live?: (() => Promise<LiveModule>) | undefined
  /** A replacement for `fetch`. It cannot report the progress of uploads, only their end. */
  fetch?: Send | undefined
}

export interface CallOptions {
  signal?: AbortSignal | undefined
}

export interface CreateOptions extends CallOptions {
  /** Makes retries safe. Default: a random key for calls that create something. */
  idempotencyKey?: string | undefined
}

export interface UploadOptions extends CallOptions {
  /** The progress of an image. `fetch` reports none, so outside of pages and React Native only the end is reported. */
  onProgress?: ((progress: Progress) => void) | undefined
}

export interface Input extends CreateOptions, UploadOptions {
  query?: object
  body?: object
  /** Used instead of the access token. */
  token?: string | undefined
  /** The limit for an image in the body. Default: the limit for posts and profiles. */
  maxImageBytes?: number
}

export type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE'

/** Throws `ApiError`, or the signal's reason. A path begins and ends with a slash. */
export type Call = <T>(method: Method, path: string, input?: Input) => Promise<T>
