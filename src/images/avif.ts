import { eraseItems } from './avif-items'
import { isSequenceShown, largestExtent, shownSize } from './avif-shown'
import { type Box, readBoxes, withDescendants } from './boxes'
import { Budget, fromText, holds, type Image, text } from './bytes'

/** What it takes to show an image or a sequence; the rest (uuid, udta, free, vendors' own) is blanked. */
const NEEDED = new Set([
  ...['ftyp', 'mdat', 'moov', 'mvhd', 'trak', 'tkhd', 'tref', 'edts', 'mdia', 'mdhd', 'minf'],
  ...['meta', 'hdlr', 'pitm', 'iinf', 'iloc', 'iref', 'iprp', 'ipco', 'ipma', 'idat', 'dinf', 'grpl'],
])

/** Properties that tell about the image instead of how to show it: names, texts, times, free-form ones. */
const DESCRIPTIVE = new Set(['udes', 'altt', 'crtt', 'mdft', 'uuid'])

/** Headers of a movie that tell when it was made and changed. */
const DATED = new Set(['mvhd', 'tkhd', 'mdhd'])

/**
 * Overwrites metadata with zeros where it stands, because offsets into the file point all over it. Being turned or
 * mirrored is a property of the image (irot, imir) and stays; viewers go by that and ignore an Exif orientation.
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
  // Read from the result, so that a file whose metadata lies over its boxes is found out.
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
