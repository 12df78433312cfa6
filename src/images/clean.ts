import { cleanAvif } from './avif'
import type { Size } from './bytes'
import { cleanGif } from './gif'
import { cleanJpeg } from './jpeg'
import { cleanPng } from './png'
import { cleanWebp } from './webp'

/** Its size is without a turn that Exif asks for, as in the original; with one that is part of the format (AVIF). */
export interface CleanImage extends Size {
  bytes: Uint8Array<ArrayBuffer>
  type: 'image/jpeg' | 'image/png' | 'image/gif' | 'image/webp' | 'image/avif'
  /** The largest width and height of anything in the file: more than `width` and `height` where a frame is larger than its screen. */
  extent: Size
  /** As people see it: turned as Exif asks for. */
  shown: Size
}

/** Each recognises its own format by the first bytes and leaves the rest to the others. */
const CLEANERS = [
  ['image/jpeg', cleanJpeg],
  ['image/png', cleanPng],
  ['image/gif', cleanGif],
  ['image/webp', cleanWebp],
  ['image/avif', cleanAvif],
] as const

/**
 * Recognises an image by its content and removes what doesn't serve to show it: camera, place, time, author, comments,
 * embedded previews, appended files. The image is not encoded again, and stays upright: where the format tells its
 * orientation by Exif, an Exif block with just that remains.
 *
 * @returns undefined when the bytes are none of the five types, or are truncated or corrupt. Never throws. The content
 * of compressed images is not decoded, so damage inside of it may go unnoticed.
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
