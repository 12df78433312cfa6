import { cleanAvif } from './avif'
import type { Size } from './bytes'
import { cleanGif } from './gif'
import { cleanJpeg } from './jpeg'
import { cleanPng } from './png'
import { cleanWebp } from './webp'

/** A cleaned image. Its size ignores a rotation by Exif, as in the original, but includes one that is part of the format (AVIF). */
export interface CleanImage extends Size {
  bytes: Uint8Array<ArrayBuffer>
  type: 'image/jpeg' | 'image/png' | 'image/gif' | 'image/webp' | 'image/avif'
  /** The largest width and height of anything in the file; exceeds `width` and `height` if a frame is larger than the screen. */
  extent: Size
  /** The size as viewers show it, after any rotation by Exif. */
  shown: Size
}

/** Each recognises its own format by the first bytes, and returns undefined for others. */
const CLEANERS = [
  ['image/jpeg', cleanJpeg],
  ['image/png', cleanPng],
  ['image/gif', cleanGif],
  ['image/webp', cleanWebp],
  ['image/avif', cleanAvif],
] as const

/**
 * Detects an image's format from its content and removes everything that is not needed to show it: camera, place, time, author, comments,
 * embedded previews, appended files. The image is not re-encoded. It stays upright: if its format stores the orientation in Exif, an Exif block with
 * only the orientation remains.
 *
 * @returns undefined if the bytes are none of the five types, or are truncated or corrupt. Never throws. Compressed image data is not decoded, so
 * damage inside it may go unnoticed.
 */
export function cleanImage(bytes: Uint8Array): CleanImage | undefined {
  for (const [type, clean] of CLEANERS) {
    const image = clean(bytes)
    if (!image) continue
    const { width, height, extent = { width, height }, isSideways = false } = image
    const shown = isSideways ? { width: height, height: width } : { width, height }
    return width > 0 && height > 0 ? { bytes: image.bytes, width, height, extent, shown, type } : undefined
  }
  return undefined
}
