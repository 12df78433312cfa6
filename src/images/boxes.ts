/** Boxes, of which files of the ISO base media format consist: ISO/IEC 14496-12, 4.2. */
import { type Budget, text, uintBE } from './bytes'

export interface Box {
  type: string
  parent: string
  /** Offsets in the file: of the box, of its content after the header, and of its end. */
  start: number
  body: number
  end: number
  children: Box[]
}

const CONTAINERS = new Set(['meta', 'iprp', 'ipco', 'moov', 'trak', 'mdia'])

/** Real files nest no deeper than `moov/trak/meta/iprp/ipco`; a file that does is meant to exhaust the stack. */
const MAX_DEPTH = 5

/** All boxes between `from` and `to`; undefined if one is truncated or has an impossible size, or if there are too many. */
export function readBoxes(
  bytes: Uint8Array,
  from: number,
  to: number,
  budget: Budget,
  parent = '',
  depth = 0,
): Box[] | undefined {
  const boxes: Box[] = []
  for (let start = from; start < to; ) {
    const type = text(bytes, start + 4, 4)
    const compactSize = uintBE(bytes, start, 4)
    // 1 means that a 64-bit size follows, 0 that the box extends to the end.
    const size = compactSize === 1 ? uintBE(bytes, start + 8, 8) : compactSize || to - start
    const body = start + (compactSize === 1 ? 16 : 8)
    const end = start + size
    if (!budget.take() || end < body || end > to || depth > MAX_DEPTH) return undefined

    // Only `meta` has fields of its own (version and flags) before its children.
    const content = body + (type === 'meta' ? 4 : 0)
    const children = CONTAINERS.has(type) ? readBoxes(bytes, content, end, budget, type, depth + 1) : []
    if (!children) return undefined
    boxes.push({ type, parent, start, body, end, children })
    start = end
  }
  return boxes
}

export function child(box: Box | undefined, type: string): Box | undefined {
  return box?.children.find((candidate) => candidate.type === type)
}

export function withDescendants(boxes: Box[]): Box[] {
  return boxes.flatMap((box) => [box, ...withDescendants(box.children)])
}
