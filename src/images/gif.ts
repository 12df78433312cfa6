import { Budget, concat, fromText, holds, type Image, type Size, uintLE, union } from './bytes'

// Block labels: GIF89a specification, sections 20 to 27.
const [EXTENSION, IMAGE, TRAILER] = [0x21, 0x2c, 0x3b]
const [GRAPHIC_CONTROL, APPLICATION, PLAIN_TEXT] = [0xf9, 0xff, 0x01]

const SCREEN_END = 13

/** Both say how often an animation repeats. All other application extensions are XMP, ICC or private. */
const LOOPING = ['\x0bNETSCAPE2.0', '\x0bANIMEXTS1.0']

/**
 * Drops comments, plain text, other applications' extensions, and everything after the trailer. The trailer may be missing, because viewers do not
 * need it.
 */
export function cleanGif(bytes: Uint8Array): Image | undefined {
  if (!holds(bytes, 0, 'GIF87a') && !holds(bytes, 0, 'GIF89a')) return undefined

  let at = SCREEN_END + colourTableSize(bytes[10] ?? 0)
  const kept = [bytes.subarray(0, at)]
  let control: Uint8Array | undefined
  let images = 0
  const screen = { width: uintLE(bytes, 6, 2), height: uintLE(bytes, 8, 2) }
  let extent: Size = screen
  const blocks = new Budget()

  while (at < bytes.length && bytes[at] !== TRAILER) {
    const start = at
    if (bytes[at] !== 0 && !blocks.take()) return undefined
    if (bytes[at] === EXTENSION) {
      const label = bytes[at + 1]
      at = skipSubBlocks(bytes, at + 2)
      const block = bytes.subarray(start, at)
      if (label === GRAPHIC_CONTROL) control = block
      // Plain text is an image of its own, to which the preceding control belongs (section 25).
      else if (label === PLAIN_TEXT) control = undefined
      else if (label === APPLICATION && LOOPING.some((name) => holds(block, 2, name))) kept.push(block)
    } else if (bytes[at] === IMAGE) {
      const descriptorEnd = at + 10
      const codeSize = 1
      at = skipSubBlocks(bytes, descriptorEnd + colourTableSize(bytes[at + 9] ?? 0) + codeSize)
      if (control) kept.push(control)
      kept.push(bytes.subarray(start, at))
      control = undefined
      images++
      extent = union(extent, reachOf(bytes, start))
    } else if (bytes[at] === 0) {
      // An extra block terminator: some programs write one, and viewers ignore it.
      at++
    } else {
      return undefined
    }
  }
  // A truncated block would have ended after the end of the file.
  if (images === 0 || at > bytes.length) return undefined

  kept.push(fromText(';'))
  return { bytes: concat(kept), ...screen, extent }
}

/** How far a frame extends on the screen or beyond, from its descriptor's left, top, width and height (section 20). */
function reachOf(bytes: Uint8Array, descriptor: number): Size {
  const [left, top] = [uintLE(bytes, descriptor + 1, 2), uintLE(bytes, descriptor + 3, 2)]
  return { width: left + uintLE(bytes, descriptor + 5, 2), height: top + uintLE(bytes, descriptor + 7, 2) }
}

/** The size in bytes of the colour table that the packed field of a screen or an image declares (sections 18 and 20). */
function colourTableSize(packed: number): number {
  return packed & 0x80 ? 3 * 2 ** ((packed & 7) + 1) : 0
}

/** The end of the data sub-blocks that begin at `at`; past the end of the file if they are truncated (section 15). */
function skipSubBlocks(bytes: Uint8Array, at: number): number {
  let next = at
  for (let size = bytes[next]; size; size = bytes[next]) next += 1 + size
  return next + 1
}
