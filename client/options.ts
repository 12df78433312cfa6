/** What the client and its calls are told. */
import type { Live, LiveOptions } from './channel/types'
import type { TokenStorage } from './tokens'
import type { Transport } from './transport'
import type { Progress, Send } from './upload'

/** What prepares images before they are sent: `edge-social-api/client/images`, or the like. */
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
  /** Where the API is: `https://api.example.com`, or with `/api` behind it; in pages also `/api` on their own origin. */
  baseUrl: string
  /**
   * `cookie`: the browser keeps the tokens, where scripts cannot read them. `bearer`: this client does. Without it: `cookie` in pages,
   * `bearer` elsewhere.
   */
  auth?: 'cookie' | 'bearer' | undefined
  /** For `bearer`: where tokens survive. Without it, or where it fails, they live as long as this client. */
  storage?: TokenStorage | undefined
  /** Prepares the images of posts, profiles and messages: `() => import('edge-social-api/client/images')`. */
  images?: (() => Promise<ImagePreparer>) | undefined
  /** The one connection for everything: `() => import('edge-social-api/client/live')`. */
  live?: (() => Promise<LiveModule>) | undefined
  /** Another `fetch`. Uploads through it tell no progress on their way. */
  fetch?: Send | undefined
}

export interface CallOptions {
  signal?: AbortSignal | undefined
}

export interface CreateOptions extends CallOptions {
  /** Makes sending again safe. Without it what creates something gets a random one. */
  idempotencyKey?: string | undefined
}

export interface UploadOptions extends CallOptions {
  /** How far an image is. `fetch` tells nothing on its way: outside of pages and React Native only the end is told. */
  onProgress?: ((progress: Progress) => void) | undefined
}

export interface Input extends CreateOptions, UploadOptions {
  query?: object
  body?: object
  /** Instead of the access token. */
  token?: string | undefined
  /** For images among the body. Default: what posts and profiles take. */
  maxImageBytes?: number
}

export type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE'

/** Throws `ApiError`, or the signal's reason. A path begins and ends with a slash. */
export type Call = <T>(method: Method, path: string, input?: Input) => Promise<T>
