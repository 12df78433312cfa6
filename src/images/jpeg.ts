import { Budget, concat, fromText, holds, type Image, uintBE } from './bytes'
import { EXIF_PREFIX, isSideways, orientationBlock, readOrientation } from './exif'

// Marker codes: ITU-T T.81, table B.1. Only the three frame types that browsers decode, all Huffman-coded: baseline, extended sequential and
// progressive.
const FRAMES = [0xc0, 0xc1, 0xc2]
const DQT = 0xdb
/** DHT, DQT, DNL and DRI, which the decoder also needs. */
const TABLES = [0xc4, DQT, 0xdc, 0xdd]
const [RST0, RST7, EOI, SOS, TEM, COM] = [0xd0, 0xd7, 0xd9, 0xda, 0x01, 0xfe]
const [APP0, APP1, APP2, APP14, APP15] = [0xe0, 0xe1, 0xe2, 0xee, 0xef]

/** Drops all application segments and comments except JFIF, ICC profile, Adobe and an orientation. Also drops everything after EOI. */
export function cleanJpeg(bytes: Uint8Array): Image | undefined {
  if (!holds(bytes, 0, '\xff\xd8\xff')) return undefined

  const kept: Uint8Array[] = []
  let jfif: Uint8Array | undefined
  let orientation: number | undefined
  let frame: Uint8Array | undefined
  let scans = 0
  let isQuantised = false
  const segments = new Budget()

  let marker = findMarker(bytes, 2)
  while (bytes[marker] !== EOI) {
    const code = bytes[marker] ?? 0
    const end = code === TEM ? marker + 1 : marker + 1 + uintBE(bytes, marker + 1, 2)
    if (!segments.take() || marker < 0 || end > bytes.length || (code !== TEM && end < marker + 3))
      return undefined
    const next = findMarker(bytes, end)
    const segment = bytes.subarray(marker - 1, end)
    const payload = segment.subarray(4)

    if (code === SOS) {
      if (!frame || !isQuantised || next - 1 <= end) return undefined
      scans++
      // Copied unchanged: restart markers, stuffed zeros and fill bytes belong to the scan.
      kept.push(bytes.subarray(marker - 1, next - 1))
    } else if (FRAMES.includes(code)) {
      if (frame || !isShowable(payload)) return undefined
      frame = payload
      kept.push(segment)
    } else if (TABLES.includes(code)) {
      isQuantised ||= code === DQT
      kept.push(segment)
    } else if (code === APP0 && holds(payload, 0, 'JFIF\0') && payload.length >= 14) {
      jfif ??= withoutThumbnail(segment)
    } else if (code === APP1 && holds(payload, 0, EXIF_PREFIX)) {
      orientation ??= readOrientation(payload)
    } else if (code === APP2 && holds(payload, 0, 'ICC_PROFILE\0')) {
      kept.push(segment)
    } else if (code === APP14 && holds(payload, 0, 'Adobe')) {
      kept.push(segment)
    } else if (!(code >= APP0 && code <= APP15) && code !== COM && code !== TEM) {
      return undefined
    }
    marker = next
  }
  if (!frame || scans === 0) return undefined

  const head = [fromText('\xff\xd8')]
  if (jfif) head.push(jfif)
  if (orientation && orientation > 1) head.push(orientationSegment(orientation))
  // Some readers skip the first segment. Tables may come before or after the frame; at least one always comes before the scan.
  const [first, second] = kept
  if (head.length === 1 && first && second && first[1] && FRAMES.includes(first[1]))
    kept.splice(0, 2, second, first)
  return {
    bytes: concat([...head, ...kept, fromText('\xff\xd9')]),
    width: uintBE(frame, 3, 2),
    height: uintBE(frame, 1, 2),
    isSideways: isSideways(orientation),
  }
}

/**
 * Index of the next marker's code, or -1. Skips coded data with its stuffed zeros and restart markers (T.81, B.1.1.5), and stray bytes between
 * segments, which decoders skip too.
 */
function findMarker(bytes: Uint8Array, from: number): number {
  let at = bytes.indexOf(0xff, from)
  while (at >= 0) {
    while (bytes[at] === 0xff) at++
    const code = bytes[at]
    if (code === undefined) return -1
    if (code !== 0 && !(code >= RST0 && code <= RST7)) return at
    at = bytes.indexOf(0xff, at)
  }
  return -1
}

/** Frame header, T.81, B.2.2: 8 bits per sample; one, three or four components, 3 bytes for each. */
function isShowable(frame: Uint8Array): boolean {
  const components = frame[5] ?? 0
  return frame[0] === 8 && [1, 3, 4].includes(components) && frame.length === 6 + components * 3
}

/** JFIF 1.02: 14 bytes, of which the last two are the size of a thumbnail, which could show what was cropped away. */
function withoutThumbnail(jfif: Uint8Array): Uint8Array {
  return concat([fromText('\xff\xe0\0\x10'), jfif.subarray(4, 16), fromText('\0\0')])
}

function orientationSegment(orientation: number): Uint8Array {
  const payload = concat([fromText(EXIF_PREFIX), orientationBlock(orientation)])
  return concat([Uint8Array.of(0xff, APP1, 0, payload.length + 2), payload])
}
