import { eraseItems } from './avif-items'
import { isSequenceShown, largestExtent, shownSize } from './avif-shown'
import { type Box, readBoxes, withDescendants } from './boxes'
import { Budget, fromText, holds, type Image, text } from './bytes'

/** The boxes needed to show an image or a sequence. All others (uuid, udta, free, proprietary ones) are overwritten. */
const NEEDED = new Set([
  ...['ftyp', 'mdat', 'moov', 'mvhd', 'trak', 'tkhd', 'tref', 'edts', 'mdia', 'mdhd', 'minf'],
  ...['meta', 'hdlr', 'pitm', 'iinf', 'iloc', 'iref', 'iprp', 'ipco', 'ipma', 'idat', 'dinf', 'grpl'],
])

/** Properties that describe the image instead of saying how to show it: names, texts, times, free-form ones. */
const DESCRIPTIVE = new Set(['udes', 'altt', 'crtt', 'mdft', 'uuid'])

/** Movie headers with the times of creation and modification. */
const DATED = new Set(['mvhd', 'tkhd', 'mdhd'])

/**
 * Overwrites metadata with zeros in place, because the file contains offsets to its other parts. Rotation and mirroring are properties of the image
 * (irot, imir) and stay; viewers follow them and ignore an Exif orientation.
 */
export function cleanAvif(bytes: Uint8Array): Image | undefined {
  if (!holds(bytes, 4, 'ftyp')) return undefined
  const budget = new Budget()
  const boxes = readBoxes(bytes, 0, bytes.length, budget)
  const [meta, secondMeta] = boxes?.filter(({ type }) => type === 'meta') ?? []
  if (!boxes?.[0] || !isAvif(bytes, boxes[0]) || !meta || secondMeta) return undefined

  const cleaned = bytes.slice()
  for (const box of withDescendants(boxes)) {
    if (box.type === 'meta' && !eraseItems(bytes, cleaned, box, budget)) return undefined
    if (box.parent === 'ipco' ? DESCRIPTIVE.has(box.type) : !NEEDED.has(box.type)) {
      cleaned.set(fromText('free'), box.start + 4)
      cleaned.fill(0, box.body, box.end)
    }
    if (DATED.has(box.type)) cleaned.fill(0, box.body + 4, box.body + (bytes[box.body] === 1 ? 20 : 12))
  }
  // Checks the result, which detects files whose metadata overlaps their boxes.
  const again = new Budget()
  const result = readBoxes(cleaned, 0, cleaned.length, again)
  const size = result && shownSize(cleaned, meta, again)
  if (!size || !isSequenceShown(cleaned, result, again)) return undefined
  return { bytes: cleaned, ...size, extent: largestExtent(cleaned, result, size) }
}

/** Major brand, version, compatible brands: `avif` is an image, `avis` a sequence (AV1 Image File Format, 6). */
function isAvif(bytes: Uint8Array, { body, end }: Box): boolean {
  return /^(.{4})*(avif|avis)/s.test(text(bytes, body, Math.min(end - body, 1024)))
}
