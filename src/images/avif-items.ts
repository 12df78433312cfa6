/** Items of an AVIF, which are images or metadata. Boxes in `meta` list and locate them (ISO/IEC 23008-12). */
import { type Box, child, readBoxes } from './boxes'
import { type Budget, Cursor, text, uintBE } from './bytes'

/** A range of an item's bytes. `source` is what the offset is relative to; undefined if the bytes are in another item or file. */
interface Extent {
  item: number
  source: 'file' | 'idat' | undefined
  offset: number
  length: number
}

/** The construction methods of `iloc` for bytes in this file, by their numbers. */
const SOURCES = ['file', 'idat'] as const

/** Types of metadata items: Exif, and those with a MIME type, such as XMP (ISO/IEC 23008-12, annex A). */
export const METADATA = new Set<string | undefined>(['Exif', 'mime'])

/** Type by item id (`infe`). 23008-12 requires version 2 or later; earlier versions have no type, and only hold metadata. */
export function itemTypes(bytes: Uint8Array, meta: Box, budget: Budget): Map<number, string> {
  const types = new Map<number, string>()
  const info = child(meta, 'iinf')
  const entries = info && readBoxes(bytes, info.body + (bytes[info.body] === 0 ? 6 : 8), info.end, budget)
  for (const { body, end } of entries ?? []) {
    const cursor = new Cursor(bytes, body, end)
    const version = cursor.uint(4) >>> 24
    const id = cursor.uint(version < 3 ? 2 : 4)
    types.set(id, version < 2 ? 'mime' : text(bytes, body + (version < 3 ? 8 : 10), 4))
  }
  return types
}

/** The properties of an item, in the order of `ipma` (23008-12, 9.3). */
export function propertiesOf(bytes: Uint8Array, meta: Box, id: number): Box[] {
  const container = child(meta, 'iprp')
  const all = child(container, 'ipco')?.children ?? []
  const found = new Set<Box>()
  for (const { type, body, end } of container?.children ?? []) {
    if (type !== 'ipma') continue
    const cursor = new Cursor(bytes, body, end)
    const idSize = cursor.uint(1) < 1 ? 2 : 4
    const indexSize = cursor.uint(3) & 1 ? 2 : 1
    for (let left = cursor.uint(4); left > 0 && !cursor.overrun; left--) {
      const isOwn = cursor.uint(idSize) === id
      for (let associations = cursor.uint(1); associations > 0; associations--) {
        // 1-based; the highest bit says whether the property is essential.
        const index = cursor.uint(indexSize) & (indexSize === 2 ? 0x7fff : 0x7f)
        const property = isOwn ? all[index - 1] : undefined
        if (property) found.add(property)
      }
    }
  }
  return [...found]
}

/**
 * Overwrites the metadata items that a `meta` box lists with zeros. False if an item extends beyond its source, or if a metadata item cannot be
 * erased because it is in another file, inside another item, or overlaps the list itself.
 */
export function eraseItems(bytes: Uint8Array, cleaned: Uint8Array, meta: Box, budget: Budget): boolean {
  const idat = child(meta, 'idat')
  const types = itemTypes(bytes, meta, budget)
  const extents = itemExtents(bytes, meta, budget)
  // Items may share bytes, but a file that lists more metadata than it has bytes only wastes our time.
  let erasable = bytes.length
  for (const { item, source, offset, length } of extents ?? []) {
    const [start, limit] = source === 'idat' ? [idat?.body ?? 0, idat?.end ?? 0] : [0, bytes.length]
    const from = start + offset
    if (source && from + length > limit) return false
    if (!METADATA.has(types.get(item))) continue

    erasable -= length
    const isOverMeta = source === 'file' && from < meta.end && from + length > meta.start
    if (!source || isOverMeta || erasable < 0) return false
    cleaned.fill(0, from, from + length)
  }
  return extents !== undefined
}

/** The items' locations: `iloc`, ISO/IEC 14496-12, 8.11.3. Undefined if it is truncated or has too many. */
function itemExtents(bytes: Uint8Array, meta: Box, budget: Budget): Extent[] | undefined {
  const location = child(meta, 'iloc')
  const extents: Extent[] = []
  if (!location) return extents

  const cursor = new Cursor(bytes, location.body, location.end)
  const [version, sizes] = [cursor.uint(4) >>> 24, cursor.uint(2)]
  const [offsetSize, lengthSize, baseSize] = [sizes >> 12, (sizes >> 8) & 15, (sizes >> 4) & 15]
  const indexSize = version > 0 ? sizes & 15 : 0
  // Without lengths each item would be the whole file, and a few bytes could list millions of items.
  if (!lengthSize) return undefined
  const idSize = version < 2 ? 2 : 4
  for (let items = cursor.uint(idSize); items > 0 && !cursor.overrun; items--) {
    const item = cursor.uint(idSize)
    const method = version > 0 ? cursor.uint(2) & 15 : 0
    const source = cursor.uint(2) === 0 ? SOURCES[method] : undefined
    const base = cursor.uint(baseSize)
    for (let left = cursor.uint(2); left > 0 && !cursor.overrun; left--) {
      cursor.uint(indexSize)
      const offset = base + cursor.uint(offsetSize)
      const length = cursor.uint(lengthSize)
      if (!budget.take()) return undefined
      extents.push({ item, source, offset, length })
    }
  }
  return cursor.overrun ? undefined : extents
}

/** The id of the primary image item (`pitm`); undefined if there is none. */
export function primaryItem(bytes: Uint8Array, meta: Box): number | undefined {
  const primary = child(meta, 'pitm')
  return primary && uintBE(bytes, primary.body + 4, bytes[primary.body] === 0 ? 2 : 4)
}
