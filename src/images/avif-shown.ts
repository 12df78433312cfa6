/** What an AVIF shows: its size, and whether it is coded in AV1. HEIC and other formats use the same boxes. */
import { itemTypes, METADATA, primaryItem, propertiesOf } from './avif-items'
import { type Box, child, readBoxes, withDescendants } from './boxes'
import { type Budget, type Size, text, uintBE, union } from './bytes'

const AV1 = 'av01'
/** Items composed of others: an image made of tiles, and one for high dynamic range. */
const DERIVED = new Set(['grid', 'tmap'])

/**
 * The size at which the primary item is shown, from its extent (`ispe`) and quarter turns (`irot`): 23008-12, 6.5. Undefined if there is no such
 * item, or it is not coded in AV1: whatever the brands say, no browser shows it then.
 */
export function shownSize(bytes: Uint8Array, meta: Box, budget: Budget): Size | undefined {
  const id = primaryItem(bytes, meta)
  if (id === undefined) return undefined
  const types = itemTypes(bytes, meta, budget)
  const properties = propertiesOf(bytes, meta, id)
  const find = (type: string) => properties.findLast((property) => property.type === type)
  const isCoded =
    types.get(id) === AV1 ? find('av1C') !== undefined : types.get(id) === 'grid' && isOfTiles(types)
  const extent = find('ispe')
  if (!isCoded || !extent) return undefined
  const { width, height } = sizeAt(bytes, extent.body + 4)
  const turn = find('irot')
  return turn && (bytes[turn.body] ?? 0) & 1 ? { width: height, height: width } : { width, height }
}

/** A grid's tiles are other items of the file. All coded items must be AV1, so that those it refers to are. */
function isOfTiles(types: ReadonlyMap<number, string>): boolean {
  const coded = [...types.values()].filter((type) => !METADATA.has(type) && !DERIVED.has(type))
  return coded.length > 0 && coded.every((type) => type === AV1)
}

/** Whether every track of a sequence is coded in AV1, according to its first sample entry (`stsd`, ISO/IEC 14496-12, 8.5.2). */
export function isSequenceShown(bytes: Uint8Array, boxes: Box[], budget: Budget): boolean {
  const inside = (box: Box | undefined, type: string) =>
    box && readBoxes(bytes, box.body, box.end, budget)?.find((candidate) => candidate.type === type)
  return withDescendants(boxes)
    .filter(({ type }) => type === 'trak')
    .every((track) => {
      const entries = inside(inside(child(child(track, 'mdia'), 'minf'), 'stbl'), 'stsd')
      return entries !== undefined && text(bytes, entries.body + 12, 4) === AV1
    })
}

/** The largest width and height that may have to be decoded: of all items, including tiles and thumbnails, and the tracks of a sequence. */
export function largestExtent(bytes: Uint8Array, boxes: Box[], shown: Size): Size {
  let extent = shown
  for (const { type, body } of withDescendants(boxes)) {
    if (type === 'ispe') extent = union(extent, sizeAt(bytes, body + 4))
    // The times before them take four bytes each, or eight in version 1. Width and height are in 1/65536 of a pixel (14496-12, 8.3.2).
    if (type === 'tkhd') {
      const { width, height } = sizeAt(bytes, body + (bytes[body] === 1 ? 88 : 76))
      extent = union(extent, { width: width >>> 16, height: height >>> 16 })
    }
  }
  return extent
}

const sizeAt = (bytes: Uint8Array, at: number): Size => ({
  width: uintBE(bytes, at, 4),
  height: uintBE(bytes, at + 4, 4),
})
