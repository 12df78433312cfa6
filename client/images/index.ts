/**
 * Makes images of phones such as the API takes: upright, within its limits of bytes and pixels, with a placeholder. Off the main thread where
 * that can be done. A package entry of its own, so that only pages that upload load it.
 */
import { rgbaToThumbHash } from 'thumbhash'
import { type Limits, type Prepared, scale } from './scale'
import { decode, isAccepted } from './source'

export interface PrepareOptions {
  /** At most so many bytes. Default: 2 MiB, what posts and profiles take. */
  maxBytes?: number | undefined
  /** At most so many pixels wide and high. Default: 4,096. */
  maxSide?: number | undefined
  /** From 0 to 1. */
  onProgress?: ((fraction: number) => void) | undefined
  signal?: AbortSignal | undefined
}

export interface PreparedImage {
  /** The original, where that is within the limits already: its animation stays. */
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
 * Rejects with an `Error` in words for people where this browser cannot read the image (as most cannot read HEIC), or where it cannot be
 * made small enough; with the signal's reason where that is aborted.
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

/** In a worker; here where there can be none, or where it cannot read what a page can. */
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
    // `scale` uses nothing of this module, so that its own text is a whole program. Where a page's policy forbids such workers, or a
    // bundler has put something of its own into that text, it fails, and the page does the work.
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
