/**
 * Makes photos from phones acceptable to the API: upright, within its limits for bytes and pixels, with a placeholder. Runs off the main thread if
 * possible. A separate package entry, so that only pages that upload load it.
 */
import { rgbaToThumbHash } from 'thumbhash'
import { type Limits, type Prepared, scale } from './scale'
import { decode, isAccepted } from './source'

export interface PrepareOptions {
  /** The maximum size in bytes. Default: 2 MiB, the limit for posts and profiles. */
  maxBytes?: number | undefined
  /** The maximum width and height in pixels. Default: 4,096. */
  maxSide?: number | undefined
  /** From 0 to 1. */
  onProgress?: ((fraction: number) => void) | undefined
  signal?: AbortSignal | undefined
}

export interface PreparedImage {
  /** The original if it is already within the limits, so animations are preserved. */
  image: Blob
  /** In pixels, upright. */
  width: number
  height: number
  /** A placeholder of about 25 bytes, in base64 (https://evanw.github.io/thumbhash/). */
  thumbhash: string
}

const MAX_BYTES = 2 * 1024 * 1024
const MAX_SIDE = 4096

/**
 * Rejects with an `Error` whose message can be shown to people if this browser cannot read the image (most cannot read HEIC), or if the image cannot
 * be made small enough. Rejects with the signal's reason if it is aborted.
 */
export async function prepareImage(
  image: Blob,
  { maxBytes = MAX_BYTES, maxSide = MAX_SIDE, onProgress = () => undefined, signal }: PrepareOptions = {},
): Promise<PreparedImage> {
  signal?.throwIfAborted()
  const limits = { maxBytes, maxSide, keep: image.size <= maxBytes && (await isAccepted(image)) }
  const { blob, width, height, thumbnail } = await scaled(image, limits, onProgress, signal)
  signal?.throwIfAborted()
  onProgress(1)
  const hash = rgbaToThumbHash(thumbnail.width, thumbnail.height, thumbnail.data)
  return { image: blob ?? image, width, height, thumbhash: btoa(String.fromCharCode(...hash)) }
}

/** Works in a worker. Falls back to this thread if workers are not allowed, or if the worker cannot read an image that the page can. */
async function scaled(
  image: Blob,
  limits: Limits,
  tell: (fraction: number) => void,
  signal?: AbortSignal,
): Promise<Prepared> {
  const inWorker = await scaleInWorker(image, limits, tell, signal).catch(() => undefined)
  signal?.throwIfAborted()
  return inWorker ?? scale(await decode(image), limits, tell)
}

type Told = { fraction: number } | { result: Prepared } | { failed: true }

function scaleInWorker(
  image: Blob,
  limits: Limits,
  tell: (fraction: number) => void,
  signal: AbortSignal | undefined,
): Promise<Prepared> {
  return new Promise((resolve, reject) => {
    // `scale` uses nothing else of this module, so its source text is a complete program. If the page's policy forbids such workers, or a bundler has
    // inserted its own code into that text, the worker fails and the page does the work.
    const program = `const scale = ${scale}
      onmessage = async ({ data: { image, limits } }) => {
        try {
          postMessage({ result: await scale(await createImageBitmap(image), limits, (fraction) => postMessage({ fraction })) })
        } catch {
          postMessage({ failed: true })
        }
      }`
    const address = URL.createObjectURL(new Blob([program], { type: 'text/javascript' }))
    const worker = new Worker(address)
    const end = () => {
      worker.terminate()
      URL.revokeObjectURL(address)
      signal?.removeEventListener('abort', fail)
    }
    const fail = () => {
      end()
      reject(new Error('no worker'))
    }
    signal?.addEventListener('abort', fail)
    worker.onerror = fail
    worker.onmessage = ({ data }: MessageEvent<Told>) => {
      if ('fraction' in data) return tell(data.fraction)
      if ('failed' in data) return fail()
      end()
      resolve(data.result)
    }
    worker.postMessage({ image, limits })
  })
}
