import { fromText, holds, uintBE, uintLE } from './bytes'

const ORIENTATION_TAG = 0x0112
const SHORT = 3
const ENTRY_SIZE = 12

/** What precedes the TIFF block in a JPEG's APP1 (Exif 2.32, 4.7.2). Some programs also write it in WebP and PNG. */
export const EXIF_PREFIX = 'Exif\0\0'

/**
 * The orientation in an Exif block: 1 (upright) to 8, as in Exif 2.32, 4.6.4, tag 0x0112. A broken block, or one without an orientation, means upright,
 * as in browsers.
 *
 * @param block a TIFF block, with or without {@link EXIF_PREFIX}
 */
export function readOrientation(block: Uint8Array): number {
  const tiff = holds(block, 0, EXIF_PREFIX) ? block.subarray(EXIF_PREFIX.length) : block
  const littleEndian = holds(tiff, 0, 'II*\0')
  if (!littleEndian && !holds(tiff, 0, 'MM\0*')) return 1

  const uint = littleEndian ? uintLE : uintBE
  const directory = uint(tiff, 4, 4)
  const entries = uint(tiff, directory, 2)
  for (let i = 0; i < entries; i++) {
    const entry = directory + 2 + i * ENTRY_SIZE
    if (entry + ENTRY_SIZE > tiff.length) return 1
    if (uint(tiff, entry, 2) !== ORIENTATION_TAG) continue

    const orientation = uint(tiff, entry + 8, 2)
    const isOneShort = uint(tiff, entry + 2, 2) === SHORT && uint(tiff, entry + 4, 4) === 1
    return isOneShort && orientation >= 1 && orientation <= 8 ? orientation : 1
  }
  return 1
}

/** Whether this orientation swaps width and height. */
export const isSideways = (orientation = 1): boolean => orientation > 4

/** A TIFF block whose only entry is the orientation: 8 bytes of header, one directory with one entry, no further directory. */
export function orientationBlock(orientation: number): Uint8Array {
  const header = 'MM\0*\0\0\0\x08'
  const entry = `\x01\x12\0\x03\0\0\0\x01\0${String.fromCharCode(orientation)}\0\0`
  return fromText(`${header}\0\x01${entry}\0\0\0\0`)
}
