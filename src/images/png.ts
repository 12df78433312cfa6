import { Budget, concat, fromText, holds, type Image, text, uint32BE, uintBE } from './bytes'
import { isSideways, orientationBlock, readOrientation } from './exif'

const SIGNATURE = '\x89PNG\r\n\x1a\n'

/** The chunks that a viewer needs to show the image, still or animated (PNG 3rd edition, 11.2 and 11.3). */
const NEEDED =
  'IHDR PLTE IDAT IEND acTL fcTL fdAT tRNS gAMA cHRM sRGB iCCP cICP mDCV cLLI sBIT bKGD hIST pHYs sPLT'
const KEPT = new Set(NEEDED.split(' '))

/** The allowed bit depths of each colour type (PNG 3rd edition, 11.2.1). */
const BIT_DEPTHS: Record<number, number[]> = {
  0: [1, 2, 4, 8, 16],
  2: [8, 16],
  3: [1, 2, 4, 8],
  4: [8, 16],
  6: [8, 16],
}

/** Keeps the chunks above and an orientation. Kept chunks must have a correct checksum. */
export function cleanPng(bytes: Uint8Array): Image | undefined {
  if (!holds(bytes, 0, SIGNATURE)) return undefined

  const beforeData: Uint8Array[] = []
  const fromData: Uint8Array[] = []
  const seen = new Set<string>()
  let header: Uint8Array | undefined
  let orientation: number | undefined
  const chunks = new Budget()

  for (let at = SIGNATURE.length; !seen.has('IEND'); ) {
    const end = at + 12 + uintBE(bytes, at, 4)
    if (!chunks.take() || end > bytes.length) return undefined
    const type = text(bytes, at + 4, 4)
    const isIntact = crc32(bytes, at + 4, end - 4) === uintBE(bytes, end - 4, 4)
    const data = bytes.subarray(at + 8, end - 4)

    if (!isIntact && (isCritical(type) || KEPT.has(type))) return undefined
    if (!header) {
      if (type !== 'IHDR' || !isSane(data)) return undefined
      header = data
    } else if (type === 'IHDR' || (isCritical(type) && !KEPT.has(type))) {
      return undefined
    }
    if (type === 'fcTL' && !isInside(data, header)) return undefined
    if (type === 'eXIf' && isIntact) orientation ??= readOrientation(data)

    seen.add(type)
    if (KEPT.has(type)) (seen.has('IDAT') ? fromData : beforeData).push(bytes.subarray(at, end))
    at = end
  }
  if (!header || !seen.has('IDAT') || (header[9] === 3 && !seen.has('PLTE'))) return undefined

  // All chunks that must precede PLTE have come by now, and eXIf may be anywhere before IDAT (5.6).
  if (orientation && orientation > 1) beforeData.push(chunk('eXIf', orientationBlock(orientation)))
  return {
    bytes: concat([fromText(SIGNATURE), ...beforeData, ...fromData]),
    width: uintBE(header, 0, 4),
    height: uintBE(header, 4, 4),
    isSideways: isSideways(orientation),
  }
}

/** Image header, 11.2.1: size, bit depth, colour type, compression 0, filter 0, and interlacing 0 or 1. */
function isSane(header: Uint8Array): boolean {
  const [depth = 0, colour = 0, compression, filter, interlacing = 2] = header.subarray(8)
  const allowed = BIT_DEPTHS[colour]?.includes(depth) ?? false
  const isSized = uintBE(header, 0, 4) < 2 ** 31 && uintBE(header, 4, 4) < 2 ** 31
  return header.length === 13 && isSized && allowed && compression === 0 && filter === 0 && interlacing <= 1
}

/** A frame must lie within the canvas (11.3.6.3): sequence number, width, height, then offsets. */
function isInside(control: Uint8Array, header: Uint8Array): boolean {
  const [width, height] = [uintBE(control, 4, 4), uintBE(control, 8, 4)]
  const [right, bottom] = [uintBE(control, 12, 4) + width, uintBE(control, 16, 4) + height]
  const isFrame = control.length === 26 && width > 0 && height > 0
  return isFrame && right <= uintBE(header, 0, 4) && bottom <= uintBE(header, 4, 4)
}

/** Bit 5 of the first letter is clear, so it is upper case (5.4): a viewer that does not know the chunk must give up. */
function isCritical(type: string): boolean {
  return (type.charCodeAt(0) & 0x20) === 0
}

function chunk(type: string, data: Uint8Array): Uint8Array {
  const body = concat([fromText(type), data])
  return concat([uint32BE(data.length), body, uint32BE(crc32(body, 0, body.length))])
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
  return crc
})

/** CRC-32 of ISO 3309, as PNG uses it (5.5). */
function crc32(bytes: Uint8Array, from: number, to: number): number {
  let crc = 0xffffffff
  for (let i = from; i < to; i++) crc = (CRC_TABLE[(crc ^ (bytes[i] ?? 0)) & 0xff] ?? 0) ^ (crc >>> 8)
  return (crc ^ 0xffffffff) >>> 0
}
