import { Cursor, fromText, holds, type Image, text, uintBE } from './bytes'

interface Box {
  type: string
  parent: string
  /** Offsets in the file: the box, what follows its header, what follows the box. */
  start: number
  body: number
  end: number
  children: Box[]
}

/** A stretch of an item's bytes; `source` is what its offset counts in, undefined for other items and other files. */
interface Extent {
  item: number
  source: 'file' | 'idat' | undefined
  offset: number
  length: number
}

/** The construction methods of `iloc` that find bytes in this file. */
const SOURCES = ['file', 'idat'] as const

const CONTAINERS = new Set(['meta', 'iprp', 'ipco', 'moov', 'trak', 'mdia'])

/** `moov/trak/meta/iprp/ipco` is as deep as they nest; a file that goes deeper is out to exhaust the stack. */
const MAX_DEPTH = 5

/** What it takes to show an image or a sequence; the rest (uuid, udta, free, vendors' own) is blanked. */
const NEEDED = new Set([
  ...['ftyp', 'mdat', 'moov', 'mvhd', 'trak', 'tkhd', 'tref', 'edts', 'mdia', 'mdhd', 'minf'],
  ...['meta', 'hdlr', 'pitm', 'iinf', 'iloc', 'iref', 'iprp', 'ipco', 'ipma', 'idat', 'dinf', 'grpl'],
])

/** Properties that tell about the image instead of how to show it: names, texts, times, free-form ones. */
const DESCRIPTIVE = new Set(['udes', 'altt', 'crtt', 'mdft', 'uuid'])

/** Headers of a movie that tell when it was made and changed. */
const DATED = new Set(['mvhd', 'tkhd', 'mdhd'])

/** Items that are metadata: Exif, and those with a MIME type, such as XMP (ISO/IEC 23008-12, annex A). */
const METADATA = new Set<string | undefined>(['Exif', 'mime'])

/**
 * Overwrites metadata with zeros where it stands, because offsets into the file point all over it. Being turned or
 * mirrored is a property of the image (irot, imir) and stays; viewers go by that and ignore an Exif orientation.
 */
export function cleanAvif(bytes: Uint8Array): Image | undefined {
  if (!holds(bytes, 4, 'ftyp')) return undefined
  const boxes = readBoxes(bytes, 0, bytes.length)
  const [meta, secondMeta] = boxes?.filter(({ type }) => type === 'meta') ?? []
  if (!boxes?.[0] || !isAvif(bytes, boxes[0]) || !meta || secondMeta) return undefined

  const cleaned = bytes.slice()
  for (const box of withDescendants(boxes)) {
    if (box.type === 'meta' && !eraseItems(bytes, cleaned, box)) return undefined
    if (box.parent === 'ipco' ? DESCRIPTIVE.has(box.type) : !NEEDED.has(box.type)) {
      cleaned.set(fromText('free'), box.start + 4)
      cleaned.fill(0, box.body, box.end)
    }
    if (DATED.has(box.type)) cleaned.fill(0, box.body + 4, box.body + (bytes[box.body] === 1 ? 20 : 12))
  }
  // Read from the result, so that a file whose metadata lies over its boxes is found out.
  const size = readBoxes(cleaned, 0, cleaned.length) && primarySize(cleaned, meta)
  return size && { bytes: cleaned, ...size }
}

/** Every box from `from` to `to`; undefined when one is cut off or its size makes no sense. */
function readBoxes(bytes: Uint8Array, from: number, to: number, parent = '', depth = 0): Box[] | undefined {
  const boxes: Box[] = []
  for (let start = from; start < to; ) {
    const type = text(bytes, start + 4, 4)
    const compactSize = uintBE(bytes, start, 4)
    // ISO/IEC 14496-12, 4.2: 1 means that a large size follows, 0 that the box is the last one.
    const size = compactSize === 1 ? uintBE(bytes, start + 8, 8) : compactSize || to - start
    const body = start + (compactSize === 1 ? 16 : 8)
    const end = start + size
    if (end < body || end > to || depth > MAX_DEPTH) return undefined

    // Only `meta` has fields of its own, version and flags, before its children.
    const content = body + (type === 'meta' ? 4 : 0)
    const children = CONTAINERS.has(type) ? readBoxes(bytes, content, end, type, depth + 1) : []
    if (!children) return undefined
    boxes.push({ type, parent, start, body, end, children })
    start = end
  }
  return boxes
}

function child(box: Box | undefined, type: string): Box | undefined {
  return box?.children.find((candidate) => candidate.type === type)
}

function withDescendants(boxes: Box[]): Box[] {
  return boxes.flatMap((box) => [box, ...withDescendants(box.children)])
}

/** Major brand, version, compatible brands: `avif` is an image, `avis` a sequence (AV1 Image File Format, 6). */
function isAvif(bytes: Uint8Array, { body, end }: Box): boolean {
  return /^(.{4})*(avif|avis)/s.test(text(bytes, body, Math.min(end - body, 1024)))
}

/** Size of the primary item as shown: from its extent, `ispe`, and its quarter turns, `irot` (23008-12, 6.5). */
function primarySize(bytes: Uint8Array, meta: Box): { width: number; height: number } | undefined {
  const primary = child(meta, 'pitm')
  const container = child(meta, 'iprp')
  const properties = child(container, 'ipco')?.children ?? []
  if (!primary || !container) return undefined
  const id = uintBE(bytes, primary.body + 4, bytes[primary.body] === 0 ? 2 : 4)
  const itemType = itemTypes(bytes, meta).get(id)
  if (!itemType || METADATA.has(itemType)) return undefined

  let extent: Box | undefined
  let turned = false
  for (const { type, body, end } of container.children) {
    if (type !== 'ipma') continue
    const cursor = new Cursor(bytes, body, end)
    const idSize = cursor.uint(1) < 1 ? 2 : 4
    const indexSize = cursor.uint(3) & 1 ? 2 : 1
    for (let left = cursor.uint(4); left > 0 && !cursor.overrun; left--) {
      const isPrimary = cursor.uint(idSize) === id
      for (let associations = cursor.uint(1); associations > 0; associations--) {
        // 1-based; the uppermost bit says whether it is essential.
        const index = cursor.uint(indexSize) & (indexSize === 2 ? 0x7fff : 0x7f)
        const property = isPrimary ? properties[index - 1] : undefined
        if (property?.type === 'ispe') extent = property
        if (property?.type === 'irot') turned = ((bytes[property.body] ?? 0) & 1) === 1
      }
    }
  }
  if (!extent) return undefined
  const [width, height] = [uintBE(bytes, extent.body + 4, 4), uintBE(bytes, extent.body + 8, 4)]
  return turned ? { width: height, height: width } : { width, height }
}

/** Type by item id (`infe`, 23008-12 needs version 2 or later; earlier ones have no type, and only hold metadata). */
function itemTypes(bytes: Uint8Array, meta: Box): Map<number, string> {
  const types = new Map<number, string>()
  const info = child(meta, 'iinf')
  const entries = info && readBoxes(bytes, info.body + (bytes[info.body] === 0 ? 6 : 8), info.end)
  for (const { body, end } of entries ?? []) {
    const cursor = new Cursor(bytes, body, end)
    const version = cursor.uint(4) >>> 24
    const id = cursor.uint(version < 3 ? 2 : 4)
    types.set(id, version < 2 ? 'mime' : text(bytes, body + (version < 3 ? 8 : 10), 4))
  }
  return types
}

/**
 * Zeroes the metadata items that a `meta` box lists. False when an item lies beyond the end of its source, or a
 * metadata item where it can't be erased: in another file, inside of another item, or over the list itself.
 */
function eraseItems(bytes: Uint8Array, cleaned: Uint8Array, meta: Box): boolean {
  const idat = child(meta, 'idat')
  const types = itemTypes(bytes, meta)
  const extents = itemExtents(bytes, meta)
  // Items may share bytes, but a file that has more erased than it holds only means to keep us busy.
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

/** Where the items are: `iloc`, ISO/IEC 14496-12, 8.11.3. Undefined when it is cut off. */
function itemExtents(bytes: Uint8Array, meta: Box): Extent[] | undefined {
  const location = child(meta, 'iloc')
  const extents: Extent[] = []
  if (!location) return extents

  const cursor = new Cursor(bytes, location.body, location.end)
  const [version, sizes] = [cursor.uint(4) >>> 24, cursor.uint(2)]
  const [offsetSize, lengthSize, baseSize] = [sizes >> 12, (sizes >> 8) & 15, (sizes >> 4) & 15]
  const indexSize = version > 0 ? sizes & 15 : 0
  // Without lengths each item would be the whole file; and a few bytes could list millions.
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
      extents.push({ item, source, offset, length })
    }
  }
  return cursor.overrun ? undefined : extents
}
