import { cleanAvif } from './avif'
import { cleanGif } from './gif'
import { cleanJpeg } from './jpeg'
import { cleanPng } from './png'
import { cleanWebp } from './webp'

export interface CleanImage {
  bytes: Uint8Array<ArrayBuffer>
  type: 'image/jpeg' | 'image/png' | 'image/gif' | 'image/webp' | 'image/avif'
  /** In pixels. A turn that Exif asks for is not applied, as in the original; one that is part of the format (AVIF) is. */
  width: number
  height: number
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
    if (image) return image.width > 0 && image.height > 0 ? { ...image, type } : undefined
  }
  return undefined
}
